import { JsonRpcProvider, Network, Wallet } from "ethers";

import { executeLedger } from "../../../plugin/ledger/execute.js";
import { loadLedgerGuest } from "../../../plugin/ledger/guest.js";
import type { ExecuteLedger } from "../../../plugin/sequencer/block-executor.js";
import type { LogEvent } from "../../../plugin/sequencer/log.js";
import type { SequencerOptions } from "../../../plugin/sequencer/options.js";
import { guestLedger } from "../../../plugin/sequencer/guest-ledger.js";
import { createSequencer, type Sequencer } from "../../../plugin/sequencer/sequencer.js";
import { serveRpc, type RpcServer } from "../../../plugin/sequencer/server.js";
import { memoryStore } from "../../../plugin/store/memory.js";
import type { Store } from "../../../plugin/store/types.js";
import type { Hex } from "../../../plugin/types.js";
import {
  BRIDGE,
  fakeL1,
  FORCE_INCLUSION_DELAY,
  GENESIS,
  keyOf,
  L2_CHAIN_ID,
  SEQUENCER,
  type FakeL1,
} from "./fake-l1.js";

/** Limit of the batches of a sequencer in a process of its own: small, so that a short run has many. */
export const CHILD_BATCH_BYTES = 1_500;

/** Loads the guest once; tests share it. */
export function loadExecute(): ExecuteLedger {
  const guest = loadLedgerGuest();
  return (input, nodes, options) => executeLedger(guest, input, nodes, options);
}

/** A sequencer over a fake L1, with its RPC served over HTTP. */
export interface Rig {
  l1: FakeL1;
  store: Store;
  sequencer: Sequencer;
  server: RpcServer;
  provider: JsonRpcProvider;
  logs: LogEvent[];
  close(): Promise<void>;
}

export interface RigOptions extends Partial<SequencerOptions> {
  fake?: FakeL1;
}

/** Blocks are made by `seal()` or `post()` and L1 is looked at by `sync()`, unless told otherwise. */
export async function startRig(execute: ExecuteLedger, options: RigOptions = {}): Promise<Rig> {
  const { fake: l1 = fakeL1(), store = memoryStore(), ...rest } = options;
  const logs: LogEvent[] = [];
  const sequencer = createSequencer({
    l2ChainId: L2_CHAIN_ID,
    bridge: BRIDGE,
    genesis: GENESIS,
    forceInclusionDelay: FORCE_INCLUSION_DELAY,
    coinbase: SEQUENCER,
    pollInterval: "manual",
    blocks: "manual",
    clock: () => Number(l1.now) * 1000,
    log: (event) => logs.push(event),
    l1: l1.l1,
    ledger: guestLedger(execute),
    store,
    ...rest,
  });
  await sequencer.start();
  const server = await serveRpc({
    request: sequencer.request,
    port: 0,
    onFault: (method, error) => logs.push({ level: "error", event: "fault", method, error }),
  });
  const network = Network.from(L2_CHAIN_ID);
  const provider = new JsonRpcProvider(server.url, network, { staticNetwork: network, pollingInterval: 20 });
  return {
    l1,
    store,
    sequencer,
    server,
    provider,
    logs,
    async close() {
      provider.destroy();
      await server.close();
      await sequencer.stop();
    },
  };
}

export function walletOf(index: number): Wallet {
  return new Wallet(keyOf(index));
}

export function addressOf(wallet: { address: string }): Hex {
  return wallet.address.toLowerCase() as Hex;
}
