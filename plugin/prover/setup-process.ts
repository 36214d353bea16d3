// The process that `developmentSetup` starts: from a circuit and secrets that are none to a proving key.
import { availableParallelism } from "node:os";

import { loadCurveCode } from "./curve-code.js";
import { POINT_BYTES } from "./fixed-base.js";
import { multiplyGenerators } from "./points.js";
import { keyScalars, type Trapdoor } from "./qap.js";
import { readR1cs } from "./r1cs.js";
import { writeUint256 } from "./sections.js";
import { serve, usedSince } from "./serve.js";
import { writeZkey } from "./zkey.js";

export interface SetupJob {
  r1cs: string;
  zkey: string;
  /** Path of ffjavascript. */
  ffjavascript: string;
  trapdoor: Trapdoor;
  /** 64 bytes. */
  mark: Uint8Array;
}

/** Scalars of the set-up take this share of its time. */
const SCALARS_SHARE = 0.15;

serve(async ({ r1cs: path, zkey, ffjavascript, trapdoor, mark }: SetupJob, report) => {
  const begin = performance.now();
  const progress = (text: string, done: number): void => {
    const seconds = (performance.now() - begin) / 1000;
    report({ stage: "setup", text, done, ...(done > 0 ? { secondsLeft: (seconds * (1 - done)) / done } : {}) });
  };
  progress("evaluating the circuit's polynomials", 0);
  const r1cs = await readR1cs(path);
  const scalars = keyScalars(r1cs, trapdoor);
  progress("multiplying points", SCALARS_SHARE);

  const { alpha, beta, gamma, delta } = trapdoor;
  const first = [alpha, beta, delta];
  const parts = [first, scalars.inputs, scalars.a, scalars.b, scalars.c, scalars.h];
  const points = await multiplyGenerators(
    { 1: toBytes(parts.flat()), 2: toBytes([beta, gamma, delta, ...scalars.b]) },
    {
      curve: await loadCurveCode(ffjavascript),
      threads: availableParallelism(),
      onProgress: (done) => progress("multiplying points", SCALARS_SHARE + (1 - SCALARS_SHARE) * done),
    },
  );
  const takeG1 = cutter(points[1], POINT_BYTES[1]);
  const takeG2 = cutter(points[2], POINT_BYTES[2]);
  const [alpha1, beta1, delta1] = [takeG1(1), takeG1(1), takeG1(1)];
  const [inputs, a, b1, c, h] = parts.slice(1).map((part) => takeG1(part.length));
  const [beta2, gamma2, delta2, b2] = [takeG2(1), takeG2(1), takeG2(1), takeG2(scalars.b.length)];
  await writeZkey(
    zkey,
    r1cs,
    scalars,
    { alpha1, beta1, delta1, beta2, gamma2, delta2, inputs: inputs!, a: a!, b1: b1!, b2, c: c!, h: h! },
    mark,
  );
  report({ stage: "setup", text: "key written", done: 1, secondsLeft: 0, used: usedSince({ user: 0, system: 0 }) });
});

function toBytes(scalars: readonly bigint[]): Uint8Array {
  const bytes = new Uint8Array(scalars.length * 32);
  const view = Buffer.from(bytes.buffer);
  for (const [index, scalar] of scalars.entries()) writeUint256(view, index * 32, scalar);
  return bytes;
}

/** Takes points off the front. */
function cutter(points: Uint8Array, size: number): (count: number) => Uint8Array {
  let position = 0;
  return (count) => points.subarray(position, (position += count * size));
}
