import { Signature, Transaction, type TransactionReceipt } from "ethers";

import { type BatchHeader, type Hex, type InboxMessage, type Withdrawal, ZERO_ADDRESS } from "../types.js";
import { headerHash } from "../ledger/hashes.js";
import { ask } from "./ask.js";
import type { L1Client } from "./client.js";
import { decodeLog, TOPICS } from "./decode.js";
import { NEVER, time } from "./errors.js";
import type { Sender } from "./sender.js";
import { ensureAllowance } from "./allowance.js";
import { permitFacts, tokenAllowance, tokenBalance } from "./token.js";
import {
  ActionError,
  type ActionOptions,
  type Done,
  done,
  type Request,
  senderFor,
  signerOf,
  transact,
} from "./transact.js";

export { ActionError, type ActionOptions, type Done } from "./transact.js";

export interface Enqueued extends Done {
  /** The message that entered the inbox. */
  message: InboxMessage;
}

const MAX_AMOUNT = 1n << 192n;
const WHOLE_BALANCE = (1n << 256n) - 1n;
const MAX_FORCED_BYTES = 2_048;
/** How long a permit is good for, in seconds. */
const PERMIT_LIFETIME = 3_600n;
/** Batches finalized in one transaction; one costs about 15,000 gas. */
const FINALIZE_AT_ONCE = 100;

export interface DepositRequest {
  /** In the token's smallest unit. */
  amount: bigint;
  /** ERC-20; default ETH. */
  token?: Hex | undefined;
  /** Recipient on L2; default the depositor. */
  target?: Hex | undefined;
  /** How the bridge may take an ERC-20: `approve` sends an approval of exactly the amount first when it is missing
   * (default), `permit` signs one, `allowance` relies on one that is there. */
  allow?: "approve" | "permit" | "allowance" | undefined;
}

/** Escrows ETH or an ERC-20 for an account on L2. */
export async function deposit(l1: L1Client, request: DepositRequest, options: ActionOptions = {}): Promise<Enqueued> {
  const { amount, token = ZERO_ADDRESS, allow = "approve" } = request;
  const sender = await senderFor(l1, options);
  const target = request.target ?? sender.address;
  checkAmount(amount);
  checkTarget(target);
  if (token === ZERO_ADDRESS) {
    const data = l1.bridge.interface.encodeFunctionData("depositETH", [target]);
    return enqueue(l1, sender, { what: "the deposit", data, value: amount }, options);
  }
  const balance = await tokenBalance(l1.provider, token, sender.address, options);
  if (balance < amount) {
    throw new ActionError(`${sender.address} has ${balance} of token ${token}, the deposit needs ${amount}`);
  }
  if (allow === "permit") return depositWithPermit(l1, sender, { amount, token, target }, options);
  const spender = l1.addresses.bridge;
  if (allow === "allowance") {
    const allowance = await tokenAllowance(l1.provider, token, sender.address, spender, options);
    if (allowance < amount) {
      throw new ActionError(
        `the bridge may take ${allowance} of token ${token}, the deposit needs ${amount}; approve ${spender} first`,
      );
    }
  } else await ensureAllowance(l1.provider, sender, { token, spender, amount }, options.signal);
  const data = l1.bridge.interface.encodeFunctionData("depositERC20", [token, target, amount]);
  return enqueue(l1, sender, { what: "the deposit", data }, options);
}

async function depositWithPermit(
  l1: L1Client,
  sender: Sender,
  { amount, token, target }: { amount: bigint; token: Hex; target: Hex },
  options: ActionOptions,
): Promise<Enqueued> {
  const facts = await permitFacts(l1.provider, token, sender.address, options);
  if (facts === undefined)
    throw new ActionError(`token ${token} takes no permits (ERC-2612); deposit with an approval`);
  const { chainId } = await ask("chain id", () => l1.provider.getNetwork(), options);
  const deadline = (await l1.now(options.signal)) + PERMIT_LIFETIME;
  const domain = { name: facts.name, version: facts.version, chainId, verifyingContract: token };
  const fields = ["address owner", "address spender", "uint256 value", "uint256 nonce", "uint256 deadline"];
  const types = {
    Permit: fields.map((field) => ({ type: field.split(" ")[0] ?? "", name: field.split(" ")[1] ?? "" })),
  };
  const permit = { owner: sender.address, spender: l1.addresses.bridge, value: amount, nonce: facts.nonce, deadline };
  const { v, r, s } = Signature.from(await signerOf(l1).signTypedData(domain, types, permit));
  const inputs = [token, target, amount, deadline, v, r, s] as const;
  const data = l1.bridge.interface.encodeFunctionData("depositERC20WithPermit", [...inputs]);
  return enqueue(l1, sender, { what: "the deposit", data }, options);
}

/** Puts a raw signed L2 transaction into the inbox, past the sequencer. */
export async function forceTransaction(l1: L1Client, raw: Hex, options: ActionOptions = {}): Promise<Enqueued> {
  const size = (raw.length - 2) / 2;
  if (size < 1 || size > MAX_FORCED_BYTES) {
    throw new ActionError(`a forced transaction has 1 to ${MAX_FORCED_BYTES} bytes, this one has ${size}`);
  }
  const { chainId, type } = parseTransaction(raw);
  const { l2ChainId } = l1.parameters;
  if (type !== 2)
    throw new ActionError(`a forced transaction is of type 2 (EIP-1559), this one is of type ${type ?? 0}`);
  if (chainId !== l2ChainId)
    throw new ActionError(`the transaction is for chain ${chainId}, the rollup is chain ${l2ChainId}`);
  const data = l1.bridge.interface.encodeFunctionData("forceTransaction", [raw]);
  return enqueue(l1, await senderFor(l1, options), { what: "the forced transaction", data }, options);
}

export interface ForceWithdrawalRequest {
  /** In the token's smallest unit; "all" for the whole balance. */
  amount: bigint | "all";
  /** ERC-20; default ETH. */
  token?: Hex | undefined;
  /** Recipient on L1; default the caller. */
  target?: Hex | undefined;
}

/** Withdraws from the caller's L2 account through the inbox, past the sequencer. */
export async function forceWithdrawal(
  l1: L1Client,
  request: ForceWithdrawalRequest,
  options: ActionOptions = {},
): Promise<Enqueued> {
  const sender = await senderFor(l1, options);
  const { token = ZERO_ADDRESS, target = sender.address } = request;
  const amount = request.amount === "all" ? WHOLE_BALANCE : request.amount;
  if (amount !== WHOLE_BALANCE) checkAmount(amount);
  checkTarget(target);
  const data = l1.bridge.interface.encodeFunctionData("forceWithdrawal", [token, amount, target]);
  return enqueue(l1, sender, { what: "the forced withdrawal", data }, options);
}

export interface ClaimRequest {
  header: BatchHeader;
  leafIndex: bigint;
  withdrawal: Withdrawal;
  /** Merkle path from the leaf upwards. */
  proof: Hex[];
}

export interface Claimed extends Done {
  /** Part of the amount that could not be paid and waits as a credit. */
  credited: bigint;
}

/** Pays out a withdrawal of a final batch. */
export async function claimWithdrawal(
  l1: L1Client,
  request: ClaimRequest,
  options: ActionOptions = {},
): Promise<Claimed> {
  const { header, leafIndex, withdrawal, proof } = request;
  const { signal } = options;
  const read = <T>(what: string, call: () => Promise<T>): Promise<T> => ask(what, call, { signal });
  if (await read("isClaimed", () => l1.bridge.isClaimed(header.index, leafIndex))) {
    throw new ActionError(`withdrawal ${leafIndex} of batch ${header.index} was claimed before`);
  }
  if (!(await read("isFinalized", () => l1.chain.isFinalized(header)))) {
    throw new ActionError(await whyNotFinal(l1, header, signal));
  }
  const data = l1.bridge.interface.encodeFunctionData("withdraw", [header, leafIndex, withdrawal, proof]);
  const receipt = await transact(l1, await senderFor(l1, options), { what: "the claim", data }, options);
  return { ...done(receipt), credited: creditedIn(l1, receipt) };
}

async function whyNotFinal(l1: L1Client, header: BatchHeader, signal?: AbortSignal): Promise<string> {
  const { index, finalizesAt } = header;
  if ((await l1.headerHash(index, signal)) !== headerHash(header)) {
    return `L1 does not have this batch ${index} (any more); ask the sequencer for the withdrawal again`;
  }
  const now = await l1.now(signal);
  if (finalizesAt === NEVER) return `batch ${index} is not proved yet; rollup:prove makes it final`;
  if (now < finalizesAt)
    return `batch ${index} is not final until ${time(finalizesAt)}, in ${finalizesAt - now} seconds`;
  return `the window of batch ${index} is over but nobody finalized it yet; finalize first`;
}

/** Finalizes every batch whose window is over. */
export async function finalize(
  l1: L1Client,
  options: ActionOptions = {},
): Promise<{ from: bigint; to: bigint; done: Done[] }> {
  const { signal } = options;
  const { head, finalizedHead } = await l1.heads(signal);
  const now = await l1.now(signal);
  const pending = await l1.batches(finalizedHead + 1n, head, signal);
  const open = pending.findIndex(({ header }) => header.finalizesAt > now);
  const headers = (open === -1 ? pending : pending.slice(0, open)).map(({ header }) => header);
  const finished: Done[] = [];
  for (let start = 0; start < headers.length; start += FINALIZE_AT_ONCE) {
    const some = headers.slice(start, start + FINALIZE_AT_ONCE);
    const data = l1.chain.interface.encodeFunctionData("finalize", [some]);
    const last = some.at(-1)?.index ?? finalizedHead;
    const what = some.length === 1 ? `finalizing batch ${last}` : `finalizing batches up to ${last}`;
    finished.push(
      done(await transact(l1, await senderFor(l1, options), { what, to: l1.addresses.chain, data }, options)),
    );
  }
  return { from: finalizedHead + 1n, to: finalizedHead + BigInt(headers.length), done: finished };
}

/** Bonds the client's signer as a sequencer. */
export async function registerSequencer(l1: L1Client, options: ActionOptions = {}): Promise<Done & { bond: bigint }> {
  const sender = await senderFor(l1, options);
  const bonded = await ask("bond", () => l1.registry.bondOf(sender.address), options);
  if (bonded > 0n) throw new ActionError(`${sender.address} has a bond of ${bonded} wei already`);
  const bond = l1.parameters.sequencerBond;
  const data = l1.registry.interface.encodeFunctionData("register");
  const request = { what: "the sequencer's bond", to: l1.addresses.registry, data, value: bond };
  return { ...done(await transact(l1, sender, request, options)), bond };
}

async function enqueue(l1: L1Client, sender: Sender, request: Request, options: ActionOptions): Promise<Enqueued> {
  const receipt = await transact(l1, sender, request, options);
  for (const log of receipt.logs) {
    const [topic] = log.topics;
    if (log.address.toLowerCase() !== l1.addresses.bridge.toLowerCase()) continue;
    if (topic !== TOPICS.deposit && topic !== TOPICS.message) continue;
    const event = decodeLog(log);
    if (event.kind === "message") return { ...done(receipt), message: event.message };
  }
  throw new ActionError(`transaction ${receipt.hash} for ${request.what} left no message in the inbox`);
}

function creditedIn(l1: L1Client, receipt: TransactionReceipt): bigint {
  for (const log of receipt.logs) {
    if (log.topics[0] !== TOPICS.claimed) continue;
    const credited: unknown = l1.bridge.interface
      .decodeEventLog("WithdrawalClaimed", log.data, log.topics)
      .getValue("credited");
    if (typeof credited === "bigint") return credited;
  }
  return 0n;
}

function checkAmount(amount: bigint): void {
  if (amount > 0n && amount < MAX_AMOUNT) return;
  throw new ActionError(`the amount must be above 0 and below 2^192, not ${amount}`);
}

function checkTarget(target: Hex): void {
  if (target === ZERO_ADDRESS) throw new ActionError("the recipient must not be the zero address");
}

function parseTransaction(raw: Hex): Transaction {
  try {
    return Transaction.from(raw);
  } catch (error) {
    throw new ActionError("the forced transaction is not a signed transaction", { cause: error });
  }
}
