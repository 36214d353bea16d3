// Everything that `npm run bench` prints: gas beside the peers', the throughput of guest, machine, sequencer and reconstruction, prover, start-up time.
import { spawnSync } from "node:child_process";

import { printCommittee } from "./da-committee.js";
import { printDataAvailability } from "./da.js";
import { printDispute } from "./dispute.js";
import { printGas } from "./gas.js";

printGas();
printDispute();
printCommittee();
printDataAvailability();
for (const script of [
  "bench/guest.ts",
  "bench/machine.ts",
  "bench/sybil.ts",
  "bench/sequencer.ts",
  "bench/reconstruct.ts",
  "bench/prover.ts",
  "bench/circuit.ts",
  "bench/channels.ts",
  "bench/watchtower.ts",
  "bench/startup.ts",
]) {
  const { status } = spawnSync(process.execPath, ["--import", "tsx", script], { stdio: "inherit" });
  if (status !== 0) process.exitCode = 1;
}
