import type { TransactionReceipt } from "ethers";

import { IStateCommitmentChain__factory } from "../../typechain-types/index.js";
import type { BlobArchive } from "../da/archive.js";
import { cheaperForm, type DataPrices } from "../da/choice.js";
import type { Certify } from "../da/committee/posting.js";
import { type Certificate, type DataPlace, encodeDaInput } from "../da/input.js";
import { makeSidecar } from "../da/sidecar.js";
import { blobDataHash, dataHash, headerHash } from "../ledger/hashes.js";
import type { BatchHeader, Hex, InboxMessage } from "../types.js";
import { pause } from "./ask.js";
import type { L1Client, PostedBatch } from "./client.js";
import { decodeLog, TOPICS } from "./decode.js";
import { L1RevertError } from "./errors.js";
import type { BlobWithProof, Intent } from "./intent.js";
import type { Mined, Sender } from "./sender.js";
import { DisplacedError } from "./sender-errors.js";

/** What a batch claims; the rest of its header follows from its parent, the inbox and the data. */
export interface BatchClaim {
  stateRoot: Hex;
  withdrawalsRoot: Hex;
  /** Accumulator at inboxTo. */
  inboxAcc: Hex;
  inboxTo: bigint;
  l2BlockTo: bigint;
}

/** What L1 wants to be shown with the data of a batch; docs/validity.md §4. */
export interface Statement {
  /** The `daInput` around the one of the layer below. */
  input(below: Uint8Array, isOnL1: boolean): Uint8Array;
  /** The data hash of the batch. */
  dataHash(isOnL1: boolean): Hex;
}

export interface BatchToPost {
  /** Header of the batch before it, as L1 has it. */
  parent: BatchHeader;
  claim: BatchClaim;
  /** The first inbox message that it leaves, when one is known; looked up when L1 wants to see one. */
  nextMessage?: InboxMessage | undefined;
  /** docs/protocol.md §6. */
  data: Uint8Array;
  /** For validity proofs. */
  statement?: Statement | undefined;
}

export interface BatchPoster {
  /**
   * Gets the batch onto L1, once, however often it is called with the same batch, also after restarts and reorgs.
   * @returns The batch as L1 has it, with the header that the next one names as its parent.
   * @throws {BatchConflictError} when L1 has another batch there; {ParentMissingError} when L1 lacks its parent; else
   * what `Sender.send` throws. After `L1UnavailableError` calling again is right.
   */
  post(batch: BatchToPost, signal?: AbortSignal): Promise<PostedBatch>;
}

/** L1 has another batch where this one was to go. */
export class BatchConflictError extends Error {
  override readonly name = "BatchConflictError";

  constructor(
    readonly index: bigint,
    readonly field: string,
    readonly onL1: string,
    readonly given: string,
  ) {
    super(`L1 has another batch ${index}: its ${field} is ${onL1}, not ${given}`);
  }
}

/** L1 does not have the batch that this one continues: it was reverted, or a reorg dropped it. */
export class ParentMissingError extends Error {
  override readonly name = "ParentMissingError";

  constructor(
    readonly parent: BatchHeader,
    readonly head: bigint,
  ) {
    super(
      `batch ${parent.index + 1n} continues batch ${parent.index} with header hash ${headerHash(parent)}, which L1 does not have; its last batch is ${head}`,
    );
  }
}

/** The posting transaction was mined and failed, twice, although the same call passes when it is tried. */
export class PostingFailedError extends Error {
  override readonly name = "PostingFailedError";

  constructor(
    readonly index: bigint,
    readonly transaction: string,
    readonly gasUsed: bigint,
  ) {
    super(
      `transaction ${transaction} for batch ${index} failed after ${gasUsed} gas, without a reason that shows again`,
    );
  }
}

/** How batches are posted in blobs. The sender must have the key of its account. */
export interface BlobPosting {
  /** Gets the blobs before L1 does: a local L1 does not give them back. */
  archive: Pick<BlobArchive, "write">;
  /** What L1 asks for now. */
  prices: (signal?: AbortSignal) => Promise<DataPrices>;
  /** Default: the cheaper form for each batch. */
  always?: boolean | undefined;
}

/** A batch and what carries its data, if calldata do not. */
interface PlacedBatch extends BatchToPost {
  blobs?: readonly BlobWithProof[];
  certificate?: Certificate;
}

export interface BatchPosterOptions {
  client: Pick<L1Client, "addresses" | "heads" | "batch" | "headerHash" | "inboxMessages">;
  sender: Sender;
  /** For a suite that takes blobs: without it, data go in calldata. */
  blobs?: BlobPosting | undefined;
  /** For a suite with a committee: gets data attested. Where too few members sign, data go in calldata. */
  certify?: Certify | undefined;
  /** Milliseconds before L1 is asked again whether it really lacks a batch that it had; default 1,000. */
  recheckAfter?: number;
}

const RECHECKS = 3;
const chain = IStateCommitmentChain__factory.createInterface();

export function createBatchPoster(options: BatchPosterOptions): BatchPoster {
  const { client, sender, blobs, certify, recheckAfter = 1_000 } = options;

  /** The batch on L1 when it is there already; undefined when its parent is the head. */
  async function lookUp(batch: BatchToPost, signal?: AbortSignal): Promise<PostedBatch | undefined> {
    const { parent } = batch;
    const { head } = await client.heads(signal);
    if (head < parent.index || (await client.headerHash(parent.index, signal)) !== headerHash(parent)) {
      throw new ParentMissingError(parent, head);
    }
    if (head === parent.index) return undefined;
    const found = await client.batch(parent.index + 1n, signal);
    await checkSame(found.header, batch, blobs !== undefined);
    return found;
  }

  /** Where the data go. What waits to be mined may be this very batch, and can be replaced by its like only. */
  async function place(batch: BatchToPost, signal?: AbortSignal): Promise<PlacedBatch> {
    const { data, parent } = batch;
    if (certify !== undefined) {
      const certificate = await certify(parent.index + 1n, data, signal);
      return certificate === undefined ? batch : { ...batch, certificate };
    }
    if (blobs === undefined || data.length === 0) return batch;
    const pending = await sender.pending(signal);
    if (pending === "plain") return batch;
    const isFree = pending === undefined && blobs.always !== true;
    if (isFree && cheaperForm(data, await blobs.prices(signal)) === "calldata") return batch;
    const sidecar = await makeSidecar(data);
    await blobs.archive.write(sidecar);
    return { ...batch, blobs: sidecar };
  }

  async function post(given: BatchToPost, signal?: AbortSignal): Promise<PostedBatch> {
    const index = given.parent.index + 1n;
    let batch: PlacedBatch | undefined;
    let round = 0;
    let failedBefore = false;
    for (;;) {
      const found = await lookUp(given, signal);
      if (found !== undefined) return found;
      batch ??= await place(given, signal);
      const intent = toIntent(batch, client.addresses.chain);
      let mined: Mined;
      try {
        mined = await sender.send(round === 0 ? intent : { ...intent, key: `${intent.key}#${round}` }, signal);
      } catch (error) {
        if (isToShow(error) && batch.nextMessage === undefined) {
          // The batch consumed all that there was; since then a message came, and L1 was silent or reverted batches.
          const { inboxTo } = batch.claim;
          const [nextMessage] = await client.inboxMessages(inboxTo, inboxTo + 1n, signal);
          batch = { ...batch, nextMessage };
          continue;
        }
        // Whatever came in between may have been this very batch, sent before a restart.
        if (error instanceof L1RevertError && (await lookUp(given, signal)) === undefined) throw error;
        if (!(error instanceof L1RevertError || error instanceof DisplacedError)) throw error;
        continue;
      }
      if (!mined.earlier) {
        const posted = fromReceipt(mined.receipt);
        if (posted !== undefined) return posted;
        const instead = await lookUp(given, signal);
        if (instead !== undefined) return instead;
        if (failedBefore) throw new PostingFailedError(index, mined.receipt.hash, mined.receipt.gasUsed);
        // L1 changed while the transaction waited. Trying it again says how, and sends it if it passes now.
        failedBefore = true;
        continue;
      }
      // Mined before this call, yet not on the chain: a node that lags, or the batch was reverted and goes out again.
      for (let check = 0; check < RECHECKS; check++) {
        await pause(recheckAfter, signal);
        const late = await lookUp(given, signal);
        if (late !== undefined) return late;
      }
      round++;
    }
  }

  return { post };
}

/** Calldata of the transaction that posts `batch`, its data at `place`. */
export function appendBatchCall(
  { parent, claim, nextMessage, data, statement }: BatchToPost,
  place: DataPlace = { form: "calldata", data },
): Hex {
  const shown = nextMessage === undefined ? [] : [nextMessage];
  const below = encodeDaInput(place);
  const daInput = statement === undefined ? below : statement.input(below, place.form === "calldata");
  return chain.encodeFunctionData("appendBatch", [parent, claim, shown, daInput]) as Hex;
}

/** Whether L1 wants to see the first message that the batch leaves. */
function isToShow(error: unknown): boolean {
  return error instanceof L1RevertError && error.revert?.name === "ChainMessageNotShown";
}

function toIntent(batch: PlacedBatch, to: Hex): Intent {
  const { parent, claim, data, blobs, certificate } = batch;
  const index = parent.index + 1n;
  const identity = [headerHash(parent), claim.stateRoot, claim.withdrawalsRoot, claim.inboxAcc, dataHash(data)];
  const common = { key: `batch:${index}:${identity.join(":")}`, what: `batch ${index}`, to };
  if (certificate !== undefined) {
    // A purpose of its own: its gas is another than that of the same batch in calldata.
    return {
      ...common,
      key: `${common.key}:committee`,
      data: appendBatchCall(batch, { form: "committee", certificate }),
    };
  }
  if (blobs === undefined) return { ...common, data: appendBatchCall(batch) };
  return {
    ...common,
    data: appendBatchCall(batch, { form: "blobs", length: data.length, first: 0 }),
    blobs,
    estimateBy: {
      data: appendBatchCall(batch, { form: "calldata", data: new Uint8Array() }),
      extraGas: BLOB_FORM_GAS + GAS_PER_HASH * BigInt(blobs.length),
    },
  };
}

/** What a batch in blobs needs beyond one without data: for its input, and for each versioned hash. */
const BLOB_FORM_GAS = 5_000n;
const GAS_PER_HASH = 1_000n;

/** Throws unless the batch on L1 is the one to post, in whatever form. */
async function checkSame(
  onL1: BatchHeader,
  { claim, data, statement }: BatchToPost,
  takesBlobs: boolean,
): Promise<void> {
  const hashes = statement === undefined ? [dataHash(data)] : [statement.dataHash(true), statement.dataHash(false)];
  const given = { ...claim, dataHash: hashes.find((hash) => hash === onL1.dataHash) ?? hashes[0]! };
  if (takesBlobs && onL1.dataHash !== given.dataHash && data.length > 0) {
    const versionedHashes = (await makeSidecar(data)).map(({ versionedHash }) => versionedHash);
    given.dataHash = blobDataHash(data.length, versionedHashes);
  }
  const fields = ["dataHash", "inboxTo", "inboxAcc", "l2BlockTo", "stateRoot", "withdrawalsRoot"] as const;
  for (const field of fields) {
    if (String(onL1[field]).toLowerCase() === String(given[field]).toLowerCase()) continue;
    throw new BatchConflictError(onL1.index, field, String(onL1[field]), String(given[field]));
  }
}

function fromReceipt(receipt: TransactionReceipt): PostedBatch | undefined {
  for (const log of receipt.status === 1 ? receipt.logs : []) {
    if (log.topics[0] !== TOPICS.batch) continue;
    const event = decodeLog(log);
    if (event.kind !== "batch") continue;
    const { header, headerHash: hash } = event;
    return { header, headerHash: hash, transaction: receipt.hash as Hex, block: receipt.blockNumber };
  }
  return undefined;
}
