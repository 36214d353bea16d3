import { spawn } from "node:child_process";

import { KeyRefusedError } from "./errors.js";
import { exportVerifyingKey, isDevelopmentKey } from "./key.js";
import { findProverTools } from "./tools.js";
import type { VerifyingKey, WorkOptions } from "./types.js";
import { readZkey } from "./zkey.js";

export interface CeremonyFiles {
  /** Paths: the circuit, the first phase (powers of tau), and the key that the second phase ended with. */
  r1cs: string;
  ptau: string;
  zkey: string;
}

/**
 * Checks a key for production: that it follows from circuit and powers of tau by the contributions that it names
 * (`snarkjs zkey verify`, in a process of its own; minutes for large circuits). Whether one of the contributors was
 * honest only people can know. Throws {@link KeyRefusedError}; returns the verifying key.
 */
export async function checkCeremony(
  { r1cs, ptau, zkey }: CeremonyFiles,
  { signal, onProgress }: WorkOptions = {},
): Promise<VerifyingKey> {
  signal?.throwIfAborted();
  const key = await exportVerifyingKey(zkey);
  if (isDevelopmentKey(key)) throw new KeyRefusedError("development", "it was made for development, not by a ceremony");
  const { contributions } = await readZkey(zkey);
  if (contributions === 0) throw new KeyRefusedError("ceremony", "nobody contributed to its second phase");

  const { snarkjs } = await findProverTools();
  const child = spawn(process.execPath, [snarkjs, "zkey", "verify", r1cs, ptau, zkey], {
    stdio: ["ignore", "pipe", "pipe"],
    killSignal: "SIGKILL",
    signal,
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      for (const line of text.split("\n")) if (line.trim() !== "") onProgress?.({ stage: "verify", text: line.trim() });
    });
  }
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", (error) => reject(signal?.aborted === true ? (signal.reason as Error) : error));
    child.once("close", resolve);
  });
  if (code !== 0) {
    const problem = /\[ERROR\][^:]*: *(.*)/.exec(output)?.[1] ?? `snarkjs zkey verify ended with ${code}`;
    throw new KeyRefusedError("ceremony", `it does not follow from ${r1cs} and ${ptau}: ${problem}`);
  }
  return key;
}
