import { DataWithheldError } from "../da/committee/client.js";
import { BlobUnavailableError } from "../da/source.js";
import { L1InconsistentError, L1UnavailableError, pause } from "../l1/ask.js";
import { type BatchData, BatchDataError } from "../l1/batch-data.js";
import { type L1Client, UnknownBatchError } from "../l1/client.js";
import { createFollower, type L1Source } from "../l1/follower.js";
import { checkProgram } from "../l1/program.js";
import { createSender, type SenderOptions } from "../l1/sender.js";
import { takeTurns } from "../l1/turns.js";
import type { L1Update, PlacedEvent } from "../l1/types.js";
import { toHex } from "../ledger/bytes.js";
import { GENESIS_NODE } from "../ledger/state.js";
import type { LedgerInput, NodeReader, StateNode } from "../ledger/types.js";
import { cacheNodes } from "../store/cached-nodes.js";
import type { Store } from "../store/types.js";
import type { BatchHeader, Hex } from "../types.js";
import { type Challenger, createChallenger, type Machine } from "./challenger.js";
import type { Withheld } from "./demands.js";
import { applyEvents, type History, NO_HISTORY, type PostedHeader } from "./history.js";
import { openRecords } from "./records.js";
import type { Program, Summary, ValidatorEvent, Verdict, WithheldFacts } from "./types.js";
import { firstDifference } from "./verify.js";

export interface ValidatorOptions {
  client: Pick<L1Client, "deployment" | "batchData">;
  /** L1 as a follower reads it: `createSource(client)`. */
  source: L1Source;
  program: Program;
  /** Its own; what it holds is continued. */
  store: Store;
  log?: ((event: ValidatorEvent) => void) | undefined;
  /** L1 blocks on top of a block before it is believed; default 0. */
  confirmations?: number | undefined;
  /** Milliseconds between looks at L1 when watching; default 1,000. */
  pollInterval?: number | undefined;
  /** With which account it plays the dispute game; without, it only watches. */
  play?: PlayOptions | undefined;
}

export interface PlayOptions extends Pick<SenderOptions, "maxFeePerGas" | "bumpAfter"> {
  /** With a signer whose account nobody else uses. */
  client: Pick<L1Client, "deployment" | "provider" | "signer" | "registry" | "addresses" | "now">;
  machine: Machine;
  senderLog?: SenderOptions["log"];
}

export interface RunOptions {
  /** Go on until aborted. Then L1 may be down for a while; without it, that ends the run. */
  watch: boolean;
  signal?: AbortSignal | undefined;
}

export interface Validator {
  /**
   * Checks every batch on L1 that was not checked before, and reports each once, also over restarts. Where it plays, it makes
   * the moves that are to be made.
   * @returns how it stood after the last look; when it is aborted before the first one ends, it throws the signal's reason.
   * @throws {L1UnavailableError | L1InconsistentError} when not watching; {BatchDataError}; whatever the program throws.
   */
  run(options: RunOptions): Promise<Summary>;
  /** Checks one batch again, and those before it that were not checked. @throws {UnknownBatchError} */
  check(index: bigint, signal?: AbortSignal): Promise<Verdict>;
}

const CACHED_NODES = 200_000;
const LONGEST_RETRY = 30_000;

/** Re-executes every batch from L1 data alone and compares. */
export async function createValidator(options: ValidatorOptions): Promise<Validator> {
  const { client, program, pollInterval = 1_000, confirmations, log = () => undefined } = options;
  const { deployment } = client;
  checkProgram(deployment, program.machineHash, program.state?.genesis[0]);

  const records = openRecords(options.store);
  const nodes = cacheNodes(withGenesis(records.nodes, program.state?.genesis), CACHED_NODES);
  const follower = createFollower({
    source: options.source,
    fromBlock: Number(deployment.fromBlock),
    confirmations,
    cursor: records.cursor(),
  });
  const inTurn = takeTurns();
  let events: readonly PlacedEvent[] = await records.events();
  let history = applyEvents(NO_HISTORY, events);
  /** An update that was polled and is not on disk yet. */
  let pending: L1Update | undefined;
  /** Header hash of what was reported. */
  let withheldBefore: Hex | undefined;
  /** On the first batches of `history`. */
  let verdicts: Verdict[] = [];
  const challenger = options.play === undefined ? undefined : await challengerOf(options.play);

  async function challengerOf({ client: own, machine, senderLog, ...fees }: PlayOptions): Promise<Challenger> {
    const { provider, signer } = own;
    if (signer === undefined) throw new Error("a validator that plays needs a signer on L1");
    return createChallenger({
      client: own,
      sender: await createSender({ provider, signer, journal: records.journal, log: senderLog, ...fees }),
      machine,
      nodes,
      log,
      inputOf: async (posted, parent, signal) => toInput(posted.header, parent, await dataOf(posted, signal)),
      dataOf: async (posted, signal) => (await dataOf(posted, signal)).bytes,
    });
  }

  async function follow(signal?: AbortSignal): Promise<L1Update> {
    const update = (pending ??= await follower.poll(signal));
    const floor = update.rollbackTo ?? Number.POSITIVE_INFINITY;
    const kept = events.filter(({ block }) => block.number <= floor);
    await records.follow(kept.length, update.events, events.length - kept.length, follower.cursor());
    pending = undefined;
    const before = history;
    if (kept.length + update.events.length > events.length || update.rollbackTo !== undefined) {
      events = [...kept, ...update.events];
    }
    history = update.rollbackTo === undefined ? applyEvents(history, update.events) : applyEvents(NO_HISTORY, events);
    verdicts = verdicts.filter(({ headerHash }, i) => history.batches[i]?.headerHash === headerHash);
    reportReverted(before, history, update.events);
    return update;
  }

  function reportReverted(before: History, now: History, added: readonly PlacedEvent[]): void {
    const same = before.batches.findIndex(({ headerHash }, i) => now.batches[i]?.headerHash !== headerHash);
    if (same === -1) return;
    const fromIndex = BigInt(same) + 1n;
    const dispute = added.some((event) => event.kind === "reverted" && event.fromIndex <= fromIndex);
    const cause = dispute ? "dispute" : "reorg";
    log({ kind: "reverted", fromIndex, toIndex: BigInt(before.batches.length), cause });
  }

  /** Judges the first `count` batches; what was not judged before is reported. */
  async function judge(count: number, signal?: AbortSignal): Promise<void> {
    for (let position = verdicts.length; position < count; position++) {
      const known = records.verdict(postedAt(position).headerHash);
      const verdict = known ?? (await judgeOne(position, signal));
      if (known === undefined) log(verdict);
      verdicts.push(verdict);
    }
  }

  async function judgeOne(position: number, signal?: AbortSignal): Promise<Verdict> {
    const before = position === 0 ? undefined : verdicts[position - 1];
    if (before === undefined || before.kind === "agree") return execute(position, signal);
    const { header, headerHash } = postedAt(position);
    const from = before.kind === "descends" ? before.from : before.index;
    const verdict: Verdict = { kind: "descends", index: header.index, headerHash, from };
    await records.judge(verdict, [], []);
    return verdict;
  }

  /** Runs one batch; its state is kept when it is right. */
  async function execute(position: number, signal?: AbortSignal): Promise<Verdict> {
    const { header, headerHash, transaction } = postedAt(position);
    const parent = position === 0 ? deployment.genesis : postedAt(position - 1).header;
    const data = await dataOf({ header, headerHash, transaction }, signal);
    const input = toInput(header, parent, data);
    const output = program.execute(input, nodes);
    const difference = firstDifference(header, parent, input, output, program, nodes);
    const { index } = header;
    const verdict: Verdict =
      difference === undefined
        ? {
            kind: "agree",
            index,
            headerHash,
            l2BlockTo: output.l2BlockTo,
            messages: input.messages.length,
            transactions: output.receipts.filter(({ source }) => source === "transaction").length,
            withdrawals: output.withdrawals.length,
          }
        : { kind: "disagree", index, headerHash, difference };
    const { nodes: added, withdrawals } = difference === undefined ? output : { nodes: [], withdrawals: [] };
    await records.judge(verdict, added, withdrawals);
    nodes.add(added);
    return verdict;
  }

  /** Members may stop giving what was judged: until a batch is final, its data are kept. */
  async function dataOf({ header, transaction }: PostedHeader, signal?: AbortSignal): Promise<BatchData> {
    const kept = records.data(header.dataHash);
    if (kept !== undefined) return { bytes: kept };
    const data = await client.batchData(header, signal, transaction);
    if (deployment.parameters.da === "committee") await records.keepData(header.dataHash, data.bytes);
    return data;
  }

  /** Judges what can be judged. @returns the batch whose data nobody gives, for who can do something about it. */
  async function judgeAll(signal?: AbortSignal): Promise<(Withheld & { reason: string }) | undefined> {
    try {
      await judge(history.batches.length, signal);
      return undefined;
    } catch (error) {
      if (challenger === undefined || !(error instanceof DataWithheldError) || error.missing === undefined) throw error;
      const { missing, message: reason } = error;
      const posted = postedAt(verdicts.length);
      const { index } = posted.header;
      if (withheldBefore !== posted.headerHash) log({ kind: "withheld", index, chunks: missing.chunks, reason });
      withheldBefore = posted.headerHash;
      return { posted, missing, reason };
    }
  }

  function toInput(header: BatchHeader, parent: BatchHeader, { bytes, blobs }: BatchData): LedgerInput {
    const { index, timestamp, inboxFrom, inboxTo, l2BlockFrom } = header;
    return {
      l2ChainId: deployment.parameters.l2ChainId,
      bridge: deployment.contracts.L1EscrowBridge.address,
      ...{ index, timestamp, inboxFrom, l2BlockFrom, data: bytes, blobs },
      prevStateRoot: parent.stateRoot,
      prevInboxAcc: parent.inboxAcc,
      messages: history.messages.slice(Number(inboxFrom), Number(inboxTo)),
    };
  }

  function postedAt(position: number): PostedHeader {
    const posted = history.batches[position];
    if (posted === undefined) throw new UnknownBatchError(BigInt(position) + 1n, BigInt(history.batches.length));
    return posted;
  }

  async function step(signal?: AbortSignal): Promise<Summary> {
    const update = await follow(signal);
    const withheld = await judgeAll(signal);
    for (const event of update.events) {
      const verdict = event.kind === "finalized" ? verdicts[Number(event.index) - 1] : undefined;
      if (verdict === undefined) continue;
      log({ kind: "finalized", index: verdict.index, verdict: verdict.kind });
      await records.forgetData([postedAt(Number(verdict.index) - 1).header.dataHash]);
    }
    reportGames(update.events);
    const played = await challenger?.play(
      { events, head: update.head, verdictOf: (headerHash) => records.verdict(headerHash), withheld },
      signal,
    );
    const disagreement = verdicts.find((verdict) => verdict.kind === "disagree");
    return {
      block: update.head.number,
      batches: BigInt(verdicts.length),
      agreed: BigInt(verdicts.filter(({ kind }) => kind === "agree").length),
      moves: played?.moves ?? 0,
      games: played?.games ?? [],
      ...(withheld === undefined ? {} : { withheld: withheldFacts(withheld) }),
      ...(disagreement === undefined ? {} : { disagreement }),
    };
  }

  /** What others do in games, and how games end. */
  function reportGames(added: readonly PlacedEvent[]): void {
    for (const event of added) {
      if (event.kind === "claimMade" && event.claimant.toLowerCase() !== challenger?.address.toLowerCase()) {
        const batch = history.batches.find(({ headerHash }) => headerHash === event.claim.parent);
        log({
          kind: "claimed",
          claimant: event.claimant,
          id: event.id,
          parent: event.claim.parent,
          index: batch?.header.index,
        });
      }
      if (event.kind === "gameResolved") {
        log({ kind: "game over", index: event.index, winner: event.winner });
      }
    }
  }

  async function run({ watch, signal }: RunOptions): Promise<Summary> {
    let wait = pollInterval;
    let reported: bigint | undefined;
    let last: Summary | undefined;
    while (signal?.aborted !== true || last === undefined) {
      try {
        const summary = await inTurn(() => step(signal));
        last = summary;
        if (!watch) return summary;
        if (summary.batches !== reported) log({ kind: "head", block: summary.block, batches: summary.batches });
        reported = summary.batches;
        wait = pollInterval;
        // What it did is the best reason to look again.
        if (summary.moves > 0) continue;
      } catch (error) {
        if (signal?.aborted === true && last !== undefined) break;
        if (!watch || !isTransient(error)) throw error;
        log({ kind: "unavailable", reason: error.message, retryIn: wait });
        wait = Math.min(wait * 2, LONGEST_RETRY);
      }
      await pause(wait, signal).catch((error: unknown) => {
        if (signal?.aborted !== true) throw error;
      });
    }
    return last;
  }

  async function check(index: bigint, signal?: AbortSignal): Promise<Verdict> {
    await follow(signal);
    if (index < 1n || index > BigInt(history.batches.length)) {
      throw new UnknownBatchError(index, BigInt(history.batches.length));
    }
    await judge(Number(index) - 1, signal);
    return judgeOne(Number(index) - 1, signal);
  }

  return { run, check: (index, signal) => inTurn(() => check(index, signal)) };
}

function withheldFacts({ posted, missing, reason }: Withheld & { reason: string }): WithheldFacts {
  return { index: posted.header.index, chunks: missing.chunks, reason };
}

/** What a later look at L1 may cure; data may be gone because a reorg took its transaction. */
function isTransient(error: unknown): error is Error {
  const transient = [L1UnavailableError, L1InconsistentError, BatchDataError, BlobUnavailableError, DataWithheldError];
  return transient.some((kind) => error instanceof kind);
}

/** The state before the first batch is nobody's output. */
export function withGenesis(nodes: NodeReader, genesis: readonly StateNode[] = [GENESIS_NODE]): NodeReader {
  const known = new Map(genesis.map(({ hash, preimage }) => [toHex(hash), preimage]));
  return { get: (hash) => nodes.get(hash) ?? known.get(toHex(hash)) };
}
