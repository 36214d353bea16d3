// A thread of the set-up's process: multiplies chunks of scalars with a generator.
import { parentPort, workerData } from "node:worker_threads";

import type { CurveCode } from "./curve-code.js";
import { fixedBase, type CurveWasm, type Group } from "./fixed-base.js";

export interface SetupThreadData {
  curve: CurveCode;
  /** Bits of a window, by group. */
  windows: Record<Group, number>;
  /** Scalars per chunk, at most. */
  chunk: number;
}

export interface Chunk {
  group: Group;
  scalars: Uint8Array<ArrayBuffer>;
}

const { curve, windows, chunk } = workerData as SetupThreadData;
const port = parentPort!;
const memory = new WebAssembly.Memory({ initial: curve.pages });
const { exports } = new WebAssembly.Instance(new WebAssembly.Module(curve.code), { env: { memory } });
const wasm: CurveWasm = { memory, call: exports as CurveWasm["call"], generator: curve.generator };
// Tables are made when the first chunk of their group comes.
const multiply: Partial<Record<Group, ReturnType<typeof fixedBase>>> = {};

port.on("message", ({ group, scalars }: Chunk) => {
  multiply[group] ??= fixedBase(wasm, group, windows[group], chunk);
  const points = multiply[group](scalars);
  port.postMessage(points, [points.buffer]);
});
