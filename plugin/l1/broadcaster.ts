import { hexlify, keccak256, type Signer, Transaction, type TransactionRequest } from "ethers";

import { emptyBlob } from "../da/sidecar.js";
import type { Hex } from "../types.js";
import { ask, causes, L1UnavailableError } from "./ask.js";
import { blobFormSender } from "./blob-form.js";
import { decodeRevert, L1RevertError } from "./errors.js";
import { calldataFloor, cappedFees, type Fees, GAS_PER_BLOB, MAX_TRANSACTION_GAS, replacementFees } from "./fees.js";
import type { Intent, SenderEvent, SenderProvider } from "./intent.js";
import { type Attempt, type Journal, type Slot, writeSlot } from "./journal.js";
import { blobBaseFee } from "./rpc.js";
import { GasLimitError, InsufficientFundsError, RejectedError } from "./sender-errors.js";

/** A slot after its last attempt was given to the node. */
export interface Broadcast {
  slot: Slot;
  /** The node wants higher fees. */
  refused: boolean;
}

/** Makes transactions and gives them to the node; whether they are mined is somebody else's to see. */
export interface Broadcaster {
  /** One more attempt for `intent` in `slot`: a new transaction, or a replacement that pays more. */
  attempt: (intent: Intent, slot: Slot, signal?: AbortSignal) => Promise<Broadcast>;
  /** Gives the last attempt of `slot` to the node, for the first time or again. The journal has it already. */
  broadcast: (intent: Intent, slot: Slot, kind: BroadcastKind, signal?: AbortSignal) => Promise<Broadcast>;
}

type BroadcastKind = "sent" | "replaced" | "rebroadcast";

export interface BroadcasterOptions {
  provider: SenderProvider;
  signer: Signer;
  /** The signer's. */
  address: Hex;
  /** Every attempt is on it before the node sees it. */
  journal: Journal;
  /** Highest maxFeePerGas, in wei. */
  cap: bigint;
  log?: ((event: SenderEvent) => void) | undefined;
}

const GWEI = 1_000_000_000n;

export function createBroadcaster(options: BroadcasterOptions): Broadcaster {
  const { provider, signer, address, journal, cap, log } = options;
  const sendRaw = blobFormSender(
    (raw, signal) => ask("eth_sendRawTransaction", () => provider.broadcastTransaction(raw), { signal }),
    isOfContent,
  );
  let nodeSigns = false;

  async function attempt(intent: Intent, slot: Slot, signal?: AbortSignal): Promise<Broadcast> {
    const last = slot.attempts.at(-1);
    // Nodes replace a transaction with blobs only by another with blobs.
    const blobs = intent.blobs ?? (last?.maxFeePerBlobGas === undefined ? undefined : [emptyBlob()]);
    const market = await marketFees(blobs !== undefined, signal);
    const fees = last === undefined ? cappedFees(market, cap) : replacementFees(last, market, cap);
    if (fees === undefined) {
      log?.({ kind: "capped", what: intent.what, nonce: slot.nonce, cap });
      if (last?.key === intent.key) {
        return { ...(await broadcast(intent, slot, "rebroadcast", signal)), refused: false };
      }
      throw new RejectedError(
        intent.what,
        `replacing what is pending at nonce ${slot.nonce} would cost more than ${cap} wei per gas`,
      );
    }
    const gasLimit = last?.key === intent.key ? last.gasLimit : await estimate(intent, fees, signal);
    const blobCost = BigInt(blobs?.length ?? 0) * GAS_PER_BLOB * (fees.maxFeePerBlobGas ?? 0n);
    await checkFunds(intent, gasLimit * fees.maxFeePerGas + blobCost, signal);
    const unsigned: Attempt = { key: intent.key, ...fees, gasLimit };
    const raw = await sign(await request({ ...intent, blobs }, slot.nonce, unsigned, signal));
    if (raw === undefined && blobs !== undefined) {
      throw new RejectedError(intent.what, "its blobs need an account whose key is here; a node does not sign them");
    }
    const added: Attempt = raw === undefined ? unsigned : { ...unsigned, raw, hash: hashOf(raw) };
    // Of older attempts only the hash matters: what was sent cannot be called back.
    const older = slot.attempts.map(({ raw: _, ...kept }) => kept);
    const grown: Slot = { nonce: slot.nonce, attempts: [...older, added] };
    await writeSlot(journal, address, grown);
    return broadcast(intent, grown, last === undefined ? "sent" : "replaced", signal);
  }

  async function broadcast(intent: Intent, slot: Slot, kind: BroadcastKind, signal?: AbortSignal): Promise<Broadcast> {
    const last = slot.attempts.at(-1);
    if (last === undefined) throw new Error("a slot is broadcast after its first attempt");
    const { raw } = last;
    let result = slot;
    let refused = false;
    try {
      if (raw !== undefined) {
        await sendRaw(raw, signal);
      } else {
        // The same nonce and fees make the same transaction, so giving it to the node again does no harm.
        const transaction = await request(intent, slot.nonce, last, signal);
        const { hash } = await ask("eth_sendTransaction", () => signer.sendTransaction(transaction), { signal });
        result = { nonce: slot.nonce, attempts: [...slot.attempts.slice(0, -1), { ...last, hash: hash as Hex }] };
        await writeSlot(journal, address, result);
      }
    } catch (error) {
      const reason = messageOf(error);
      refused = UNDERPRICED.test(reason);
      if (!refused && !ON_ITS_WAY.test(reason)) throw await refusal(intent, last, error, signal);
    }
    const hash = result.attempts.at(-1)?.hash;
    const { maxFeePerGas, maxFeePerBlobGas } = last;
    log?.({ kind, what: intent.what, nonce: slot.nonce, hash, maxFeePerGas, maxFeePerBlobGas });
    return { slot: result, refused };
  }

  async function request(
    { to, data, value = 0n, blobs }: Intent,
    nonce: number,
    { gasLimit, maxFeePerGas, maxPriorityFeePerGas, maxFeePerBlobGas }: Attempt,
    signal?: AbortSignal,
  ): Promise<TransactionRequest> {
    const { chainId } = await ask("chain id", () => provider.getNetwork(), { signal });
    const common = { chainId, from: address, to, data, value, nonce, gasLimit, maxFeePerGas, maxPriorityFeePerGas };
    if (blobs === undefined || maxFeePerBlobGas === undefined) return { ...common, type: 2 };
    const sidecar = blobs.map(({ bytes, commitment, proof }) => ({
      data: hexlify(bytes),
      commitment: hexlify(commitment),
      proof: hexlify(proof),
    }));
    return { ...common, type: 3, maxFeePerBlobGas, blobs: sidecar };
  }

  /** What to make of a refused broadcast that does not mean that the transaction is on its way. */
  async function refusal(intent: Intent, last: Attempt, error: unknown, signal?: AbortSignal): Promise<Error> {
    signal?.throwIfAborted();
    if (error instanceof L1UnavailableError) return error;
    if (NO_FUNDS.test(messageOf(error))) {
      const needed = last.gasLimit * last.maxFeePerGas + (intent.value ?? 0n);
      const present = await ask("balance", () => provider.getBalance(address), { signal });
      return new InsufficientFundsError(intent.what, address, needed, present);
    }
    const revert = decodeRevert(error);
    if (revert !== undefined) return new L1RevertError(intent.what, revert, { cause: error });
    return new RejectedError(intent.what, messageOf(error), { cause: error });
  }

  async function sign(transaction: TransactionRequest): Promise<Hex | undefined> {
    if (nodeSigns) return undefined;
    try {
      return (await signer.signTransaction(transaction)) as Hex;
    } catch (error) {
      if (!isUnsupported(error)) throw error;
      nodeSigns = true;
      return undefined;
    }
  }

  async function estimate(intent: Intent, { maxFeePerGas }: Fees, signal?: AbortSignal): Promise<bigint> {
    const floor = calldataFloor(intent.data);
    if (floor > MAX_TRANSACTION_GAS) throw new GasLimitError(intent.what, floor);
    await checkFunds(intent, floor * maxFeePerGas, signal);
    const { to, value = 0n, estimateBy } = intent;
    const { data, extraGas } = estimateBy ?? { data: intent.data, extraGas: 0n };
    let needed: bigint;
    try {
      needed = await ask("gas estimate", () => provider.estimateGas({ from: address, to, data, value }), { signal });
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof L1UnavailableError) throw error;
      const revert = decodeRevert(error);
      if (revert !== undefined) throw new L1RevertError(intent.what, revert, { cause: error });
      if (isRevert(error)) throw new L1RevertError(intent.what, undefined, { cause: error });
      throw new RejectedError(intent.what, messageOf(error), { cause: error });
    }
    needed += extraGas;
    if (needed > MAX_TRANSACTION_GAS) throw new GasLimitError(intent.what, needed);
    // A quarter more: what is estimated now may cost more when it is mined.
    const roomy = (needed * 5n) / 4n;
    return roomy < MAX_TRANSACTION_GAS ? roomy : MAX_TRANSACTION_GAS;
  }

  async function checkFunds(intent: Intent, gasCost: bigint, signal?: AbortSignal): Promise<void> {
    const needed = gasCost + (intent.value ?? 0n);
    const present = await ask("balance", () => provider.getBalance(address), { signal });
    if (present < needed) throw new InsufficientFundsError(intent.what, address, needed, present);
  }

  async function marketFees(withBlobs: boolean, signal?: AbortSignal): Promise<Fees> {
    const { maxFeePerGas, maxPriorityFeePerGas } = await ask("fees", () => provider.getFeeData(), { signal });
    const fees = { maxFeePerGas: maxFeePerGas ?? 2n * GWEI, maxPriorityFeePerGas: maxPriorityFeePerGas ?? GWEI };
    // Twice the base fee: it holds for six full blocks.
    return withBlobs ? { ...fees, maxFeePerBlobGas: 2n * (await blobBaseFee(provider, signal)) } : fees;
  }

  return { attempt, broadcast };
}

/** Of a transaction as it is mined, without its blobs. */
function hashOf(raw: Hex): Hex {
  return (raw.startsWith("0x03") ? Transaction.from(raw).hash : keccak256(raw)) as Hex;
}

/** The node has it, or its nonce is used: looking will tell. */
const ON_ITS_WAY =
  /already known|known transaction|already imported|nonce too low|nonce has already been used|NONCE_EXPIRED/i;

/** The node wants more, because of the base fee or of what is pending at the nonce. */
const UNDERPRICED = /underpriced|fee too low|less than block base fee|too low to compete|REPLACEMENT_UNDERPRICED/i;

const NO_FUNDS = /insufficient funds|enough funds/i;

/** Whether a node that refuses a transaction means what it says, whatever form its blobs have. */
function isOfContent(error: unknown): boolean {
  const reason = messageOf(error);
  return [ON_ITS_WAY, UNDERPRICED, NO_FUNDS].some((known) => known.test(reason)) || decodeRevert(error) !== undefined;
}

function isUnsupported(error: unknown): boolean {
  return /not implemented|not supported|unsupported|not available|does not exist|method not found|unknown account/i.test(
    messageOf(error),
  );
}

function isRevert(error: unknown): boolean {
  return /revert|CALL_EXCEPTION/i.test(messageOf(error));
}

function messageOf(error: unknown): string {
  const parts = causes(error).flatMap((cause) => {
    const { message, shortMessage, code } = cause as Record<string, unknown>;
    return [shortMessage ?? message, code].filter((part) => typeof part === "string");
  });
  return [...new Set(parts)].join("; ");
}
