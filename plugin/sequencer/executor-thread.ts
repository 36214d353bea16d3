// The thread that `startExecutorThread` starts: reads jobs, executes them, answers.
import { parentPort, workerData } from "node:worker_threads";

import { executeLedger } from "../ledger/execute.js";
import { loadLedgerGuest } from "../ledger/guest.js";
import { cacheNodes } from "../store/cached-nodes.js";
import { attachLevelStore } from "../store/level.js";
import { createBlockExecutor } from "./block-executor.js";
import { openDatabase } from "./database.js";
import { unpackCandidates, type ExecutorThreadData, type Job, type JobAnswer } from "./executor-protocol.js";

const { path, l2ChainId, bridge, cachedNodes } = workerData as ExecutorThreadData;
const port = parentPort!;
const store = await attachLevelStore(path);
const database = openDatabase(store);
const guest = loadLedgerGuest();
const executor = createBlockExecutor({
  l2ChainId,
  bridge,
  database,
  nodes: cacheNodes(database, cachedNodes),
  execute: (input, nodes, options) => executeLedger(guest, input, nodes, options),
});

async function run(job: Job): Promise<unknown> {
  switch (job.kind) {
    case "build": {
      const { candidates, ...rest } = job.job;
      return executor.build({ ...rest, candidates: unpackCandidates(candidates) });
    }
    case "adopt":
      return executor.adopt(job.job);
    case "simulate":
      return executor.simulate(job.previous, job.call);
    case "run":
      return executor.run(job.input);
    case "close":
      await store.close();
      return undefined;
  }
}

port.on("message", ({ id, ...job }: Job & { id: number }) => {
  const answer = (fields: JobAnswer): void => port.postMessage({ id, ...fields });
  run(job).then(
    (result) => {
      answer({ result });
      if (job.kind === "close") port.close();
    },
    (error: unknown) => {
      const { name, message } = error instanceof Error ? error : new Error(String(error));
      answer({ failure: { name, message } });
    },
  );
});
port.postMessage({ id: 0, result: undefined } satisfies JobAnswer & { id: number });
