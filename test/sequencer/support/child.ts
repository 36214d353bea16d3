// A sequencer in a process of its own, to be killed: node child.ts <directory> <thread | inline>
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";

import { dataHash, headerHash } from "../../../plugin/ledger/hashes.js";
import { startExecutorThread } from "../../../plugin/sequencer/executor-client.js";
import { guestLedger } from "../../../plugin/sequencer/guest-ledger.js";
import { createSequencer } from "../../../plugin/sequencer/sequencer.js";
import { serveRpc } from "../../../plugin/sequencer/server.js";
import { openLevelStore } from "../../../plugin/store/level.js";
import { appendLine, durableL1 } from "./durable-l1.js";
import { BRIDGE, FORCE_INCLUSION_DELAY, GENESIS, L2_CHAIN_ID, SEQUENCER } from "./fake-l1.js";
import { CHILD_BATCH_BYTES, loadExecute } from "./rig.js";

const [directory, mode] = process.argv.slice(2);
if (directory === undefined) throw new Error("usage: child.ts <directory> <thread | inline>");
const path = join(directory, "store");
const { l1 } = durableL1(join(directory, "l1"));
const store = await openLevelStore(path);
const sequencer = createSequencer({
  l2ChainId: L2_CHAIN_ID,
  bridge: BRIDGE,
  genesis: GENESIS,
  forceInclusionDelay: FORCE_INCLUSION_DELAY,
  coinbase: SEQUENCER,
  store,
  ledger: guestLedger(
    mode === "thread" ? await startExecutorThread({ path, l2ChainId: L2_CHAIN_ID, bridge: BRIDGE }) : loadExecute(),
  ),
  pollInterval: 5,
  maxBatchBytes: CHILD_BATCH_BYTES,
  batches: { bytes: CHILD_BATCH_BYTES, age: 60_000 },
  l1: {
    ...l1,
    // Each post is written down before it is "sent", and there is time to be killed before and after.
    async poster(journal) {
      const poster = await l1.poster(journal);
      return {
        async post(batch, signal) {
          appendLine(join(directory, "posts"), { parent: headerHash(batch.parent), data: dataHash(batch.data) });
          await wait(2);
          const posted = await poster.post(batch, signal);
          await wait(2);
          return posted;
        },
      };
    },
  },
});
await sequencer.start();
const { port } = await serveRpc({
  request: sequencer.request,
  port: 0,
  onFault: (method, error) => console.error(method, error),
});
console.log(port);
