import { spawn } from "node:child_process";
import { join } from "node:path";

import { findProverTools } from "../../../plugin/prover/tools.js";

/** Runs snarkjs' command. */
export async function snarkjs(...args: string[]): Promise<void> {
  const { snarkjs: command } = await findProverTools();
  const child = spawn(process.execPath, [command, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (bytes: Buffer) => (output += String(bytes)));
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  if (code !== 0) throw new Error(`snarkjs ${args.join(" ")}: ${output}`);
}

export interface Ceremony {
  ptau: string;
  /** Before anybody contributed to the second phase: delta = gamma. */
  fresh: string;
  /** After one contribution. */
  final: string;
}

/** A ceremony of one for a circuit of at most 2^`power` rows. */
export async function holdCeremony(folder: string, r1cs: string, power: number): Promise<Ceremony> {
  const path = (name: string): string => join(folder, name);
  const [ptau, fresh, final] = [path("final.ptau"), path("fresh.zkey"), path("final.zkey")];
  await snarkjs("powersoftau", "new", "bn128", String(power), path("0.ptau"));
  await snarkjs("powersoftau", "contribute", path("0.ptau"), path("1.ptau"), "--name=one", "-e=one");
  await snarkjs("powersoftau", "prepare", "phase2", path("1.ptau"), ptau);
  await snarkjs("groth16", "setup", r1cs, ptau, fresh);
  await snarkjs("zkey", "contribute", fresh, final, "--name=two", "-e=two");
  return { ptau, fresh, final };
}
