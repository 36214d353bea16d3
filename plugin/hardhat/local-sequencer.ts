import { setImmediate as immediate } from "node:timers/promises";

import type { L1Client } from "../l1/client.js";
import { SequencerStoppedError } from "../sequencer/errors.js";
import type { PostResult } from "../sequencer/options.js";
import type { Sequencer } from "../sequencer/sequencer.js";
import { copyInMemory } from "../store/memory.js";
import type { Store } from "../store/types.js";
import type { Hex } from "../types.js";
import type { ProofParts } from "./proof.js";
import { type SequencerData, sequencerOf } from "./sequencer.js";
import type { RollupSequencer } from "./types.js";

/** A sequencer that looks at L1 when it is asked something, and not on a timer: what tests do has happened when it returns. */
export interface LocalSequencer extends Omit<RollupSequencer, "post"> {
  post(): Promise<PostResult | undefined>;
  /** What `post()` would post; see `Sequencer.prepare`. */
  prepare: Sequencer["prepare"];
  /** Takes in L1 and, with automatic blocks, makes the blocks that follow from it. */
  catchUp(): Promise<void>;
  /** What it stores now, and the way back to it. */
  save(): Promise<() => Promise<void>>;
}

export async function localSequencer(
  l1: L1Client,
  proof: Pick<ProofParts, "sequencer">,
  initialStore: Store,
  blocks: "auto" | "manual",
  data: Pick<SequencerData, "archive" | "members">,
): Promise<LocalSequencer> {
  if (l1.signer === undefined) throw new Error("a sequencer needs a signer on L1");
  const address = (await l1.signer.getAddress()) as Hex;
  let store = initialStore;
  let running: Sequencer | undefined;
  let seen: string | undefined;
  const required = (): Sequencer => {
    if (running === undefined) throw new SequencerStoppedError("call sequencer.start() first");
    return running;
  };

  async function catchUp(): Promise<void> {
    await required().sync();
    await sealAll();
  }

  async function sealAll(): Promise<void> {
    if (blocks === "manual") return;
    while ((await required().seal()) !== undefined) continue;
  }

  let sealing: Promise<void> | undefined;
  /** Transactions that are sent at once share a block. */
  function sealSoon(): Promise<void> {
    sealing ??= immediate().then(() => {
      sealing = undefined;
      return sealAll();
    });
    return sealing;
  }

  /** Most requests find L1 as it was. */
  async function catchUpIfNew(): Promise<void> {
    const head = (await l1.provider.getBlock("latest"))?.hash ?? undefined;
    if (head === seen) return;
    await catchUp();
    seen = head;
  }

  async function start(): Promise<void> {
    if (running !== undefined) return;
    const sequencer = await sequencerOf(l1, proof.sequencer(address), store, {
      blocks: "manual",
      batches: "manual",
      pollInterval: "manual",
      ...data,
    });
    await sequencer.start();
    running = sequencer;
    await catchUp();
  }

  async function stop(): Promise<void> {
    const stopping = running;
    running = undefined;
    await stopping?.stop();
  }

  return {
    address,
    start,
    stop,
    async save() {
      const saved = await copyInMemory(store);
      return async () => {
        const wasRunning = running !== undefined;
        await stop();
        store = saved;
        if (wasRunning) await start();
      };
    },
    sync: async () => required().sync(),
    seal: async () => required().seal(),
    post: async () => required().post(),
    prepare: async () => required().prepare(),
    status: () => required().status(),
    catchUp,
    async request(request) {
      await catchUpIfNew();
      const answer = await required().request(request);
      if (request.method === "eth_sendRawTransaction") await sealSoon();
      return answer;
    },
  };
}
