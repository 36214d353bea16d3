import { cacheNodes } from "../store/cached-nodes.js";
import type { Hex } from "../types.js";
import { createAdmission } from "./admission.js";
import type { NodeReader } from "../ledger/types.js";
import { createBatcher, type PreparedBatch } from "./batcher.js";
import { openChain } from "./chain.js";
import { openDatabase } from "./database.js";
import { SequencerStoppedError } from "./errors.js";
import type { L1View } from "./l1-view.js";
import { startLoops } from "./loops.js";
import { MEMPOOL_LIMITS } from "./mempool.js";
import { createOperator } from "./operator.js";
import type { PostResult, SequencerOptions } from "./options.js";
import type { FalseBatch } from "./reconcile.js";
import type { L2Block } from "./records.js";
import { createBlockReader } from "./rpc/blocks.js";
import type { RpcContext, TokenMetadata } from "./rpc/context.js";
import { createRequest, type Request } from "./rpc/dispatch.js";

export interface SequencerStatus {
  /** The last L2 block. */
  head: L2Block;
  /** What L1 says, as far as it was followed. */
  view: L1View;
  /** A batch on L1 that is false: nothing is posted until it is reverted. */
  falseBatch: FalseBatch | undefined;
  /** Why L1 cannot be followed at the moment. */
  l1Error: string | undefined;
  /** Transactions that are in no block yet. */
  pending: number;
}

export interface Sequencer {
  /** Reads the store and begins. It ends when the signal is aborted, too; await `stop()` then. */
  start(signal?: AbortSignal): Promise<void>;
  /** Ends what is under way. Everything acknowledged is on disk. */
  stop(): Promise<void>;
  /** Takes in what is new on L1. */
  sync(): Promise<void>;
  /** Makes a block now; undefined when there is nothing to put into one. */
  seal(): Promise<L2Block | undefined>;
  /** Puts all that is pending into blocks and posts a batch; undefined when all of L2 is on L1 already. */
  post(): Promise<PostResult | undefined>;
  /** What `post()` would post now, and the state that it is run on. For rehearsals: nothing is sent. */
  prepare(): Promise<{ batch: PreparedBatch; nodes: NodeReader } | undefined>;
  /** A JSON-RPC request, without HTTP. @throws {RpcError} */
  request: Request;
  status(): SequencerStatus;
}

const DEFAULT_BASE_FEE = 10_000_000n;
const DEFAULT_BATCH_BYTES = 120_000;
const DEFAULT_POLL_INTERVAL = 1_000;
const CACHED_NODES = 1 << 19;
const KNOWN_TOKENS = 10_000;
/** Milliseconds for which the answer of a token on L1 is kept. */
const TOKEN_MEMORY = 30_000;

/** The sequencer of one rollup. Nothing runs before `start()`. */
export function createSequencer(options: SequencerOptions): Sequencer {
  let running: Running | undefined;
  let started = false;
  const required = (): Running => {
    if (running === undefined) throw new SequencerStoppedError(started ? "it was stopped" : "call start() first");
    return running;
  };
  return {
    async start(signal) {
      if (started) throw new SequencerStoppedError("it was started before; make a new one");
      started = true;
      running = await run(options, signal);
    },
    async stop() {
      const stopping = running;
      running = undefined;
      await stopping?.stop();
    },
    sync: async () => required().sync(),
    seal: async () => required().seal(),
    post: async () => required().post(),
    prepare: async () => required().prepare(),
    request: async (request) => required().request(request),
    status: () => required().status(),
  };
}

type Running = Omit<Sequencer, "start">;

async function run(options: SequencerOptions, outer: AbortSignal | undefined): Promise<Running> {
  const { l2ChainId, genesis, forceInclusionDelay, l1, ledger, store, clock = Date.now } = options;
  const { baseFee = DEFAULT_BASE_FEE, minPriorityFee = 0n, maxBatchBytes = DEFAULT_BATCH_BYTES } = options;
  const log = options.log ?? (() => undefined);
  const bridge = lowerCase(options.bridge);
  const coinbase = lowerCase(options.coinbase);

  const database = openDatabase(store);
  const nodes = cacheNodes(database, CACHED_NODES);
  const executor = ledger.executor({ l2ChainId, bridge, database, nodes });
  const limits = { transactions: ledger.blockTransactions, messages: ledger.blockMessages, bytes: maxBatchBytes };
  const mempool = { ...MEMPOOL_LIMITS, ...options.mempool };
  const chain = await openChain({
    l2ChainId,
    bridge,
    genesis,
    database,
    nodes,
    ledger,
    executor,
    limits,
    mempool,
    coinbase,
    baseFee,
    clock,
    onDropped: (dropped) => {
      for (const { transaction, reason } of dropped)
        log({
          level: "warn",
          event: "transaction dropped",
          hash: transaction.hash,
          sender: transaction.sender,
          reason,
        });
    },
  });
  const poster = await l1.poster(database.journal);
  const batcher = createBatcher({
    l2ChainId,
    bridge,
    ledger,
    database,
    executor,
    poster,
    maxBytes: maxBatchBytes,
    forceInclusionDelay,
  });
  const admission = createAdmission({ l2ChainId, baseFee, minPriorityFee, chain, ledger, database, nodes, clock });
  const operator = await createOperator({
    l1,
    genesis,
    chain,
    ledger,
    database,
    batcher,
    durable: admission.durable,
    blockMessages: ledger.blockMessages,
    log,
  });

  const stopping = new AbortController();
  const signal = outer === undefined ? stopping.signal : AbortSignal.any([stopping.signal, outer]);
  const { blocks = "auto", batches = "manual", pollInterval = DEFAULT_POLL_INTERVAL } = options;
  const loops = startLoops({ blocks, batches, pollInterval, operator, chain, database, clock, log, signal });

  async function sync(): Promise<void> {
    await operator.sync(signal);
    if (operator.hasWork()) loops.wake();
  }

  /** Puts all that is pending into blocks. */
  async function sealAll(): Promise<void> {
    await operator.sync(signal);
    while (operator.hasWork()) if ((await operator.seal(signal)) === undefined) break;
  }

  async function post(): Promise<PostResult | undefined> {
    await sealAll();
    return operator.post(signal);
  }

  async function prepare(): Promise<{ batch: PreparedBatch; nodes: NodeReader } | undefined> {
    await sealAll();
    const batch = await operator.prepare(signal);
    return batch && { batch, nodes };
  }

  const context: RpcContext = {
    l2ChainId,
    baseFee,
    minPriorityFee,
    clientVersion: `hardhat-rollup/sequencer/node${process.version}`,
    chain,
    ledger,
    database,
    nodes,
    blocks: createBlockReader(chain, ledger, database, () => operator.view),
    view: () => operator.view,
    async submit(raw) {
      const hash = await admission.submit(raw);
      loops.wake();
      return hash;
    },
    simulate: (block, call) => executor.simulate(block, call),
    tokenMetadata: remember(l1.tokenMetadata ?? (() => Promise.resolve(undefined)), clock),
    health: () => ({ falseBatch: operator.falseBatch, l1Error: loops.l1Error }),
  };

  log({ level: "info", event: "sequencer started", l2ChainId, head: chain.head.number, pending: chain.mempool.size });
  return {
    async stop() {
      stopping.abort(new SequencerStoppedError("it was stopped"));
      await loops.ended;
      await operator.exclusively(() => Promise.resolve());
      await admission.idle();
      log({ level: "info", event: "sequencer stopped", head: chain.head.number });
    },
    sync,
    seal: () => operator.seal(signal),
    post,
    prepare,
    request: createRequest(context),
    status: () => ({
      head: chain.head,
      view: operator.view,
      falseBatch: operator.falseBatch,
      l1Error: loops.l1Error,
      pending: chain.mempool.size,
    }),
  };
}

/** Asks for a token at most once in a while. */
function remember(
  ask: (token: Hex) => Promise<TokenMetadata | undefined>,
  clock: () => number,
): (token: Hex) => Promise<TokenMetadata | undefined> {
  const known = new Map<Hex, { metadata: TokenMetadata | undefined; until: number }>();
  return async (token) => {
    const before = known.get(token);
    if (before !== undefined && clock() < before.until) return before.metadata;
    const metadata = await ask(token);
    known.delete(token);
    known.set(token, { metadata, until: clock() + TOKEN_MEMORY });
    if (known.size > KNOWN_TOKENS) known.delete(known.keys().next().value!);
    return metadata;
  };
}

function lowerCase(address: Hex): Hex {
  return address.toLowerCase() as Hex;
}
