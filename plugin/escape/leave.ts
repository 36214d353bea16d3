import { claimWithdrawal, finalize } from "../l1/actions.js";
import { ask } from "../l1/ask.js";
import type { L1Client } from "../l1/client.js";
import { L1RevertError, NEVER, time } from "../l1/errors.js";
import { finalizeProven, revertUnproven } from "../l1/validity-actions.js";
import { claimCredit, escapeBalance, freezeChain, refundDeposit } from "../l1/escape-actions.js";
import { createSender, type Sender } from "../l1/sender.js";
import { ActionError, type Done } from "../l1/transact.js";
import type { BatchHeader, Hex, InboxMessage } from "../types.js";
import { escapeProofs } from "./proofs.js";
import type { Reconstruction } from "./reconstruct.js";

/** Why the chain cannot be frozen yet. */
export interface Waiting {
  reason: string;
  /** In seconds, where waiting alone helps. */
  until?: bigint;
}

/** One thing that was taken out, or could not be. */
export interface Taken {
  kind: "withdrawal" | "balance" | "deposit" | "credit";
  token: Hex;
  /** In the token's smallest unit. */
  amount: bigint;
  /** Index of the message or batch, where it has one. */
  index?: bigint;
  /** L1 transaction; absent when it failed. */
  transaction?: Hex;
  /** Why it could not be taken now. */
  failure?: string;
}

export interface Left {
  account: Hex;
  frozen: boolean;
  /** Set while the chain is not frozen. */
  waiting?: Waiting;
  taken: Taken[];
}

export interface LeaveOptions {
  l1: L1Client;
  account: Hex;
  /** Rebuilds the state as L1 has it now. */
  reconstruct: () => Promise<Reconstruction>;
  signal?: AbortSignal | undefined;
}

/**
 * Takes out everything that `account` has, as far as that is possible now: finalizes and freezes what is due, then
 * withdrawals, balances, deposits that never arrived, and credits. Everything goes to the account, whoever signs.
 * Doing it again is safe: what left is left out.
 */
export async function leave({ l1, account, reconstruct, signal }: LeaveOptions): Promise<Left> {
  const { signer } = l1;
  if (signer === undefined) throw new ActionError("this needs an account that signs; connect to L1 with a signer");
  const sender = await createSender({ provider: l1.provider, signer });
  await finalizeDue(l1, sender, signal);
  await settleDue(l1, sender, signal);
  const state = await reconstruct();
  const waiting = await freezeWhenDue(l1, state, sender, signal);
  const taken = await takeAll({ l1, account, state, sender, frozen: waiting === undefined, signal });
  return { account, frozen: waiting === undefined, ...(waiting === undefined ? {} : { waiting }), taken };
}

/** Finalizes what is due; a batch under dispute, and all above it, wait. */
async function finalizeDue(l1: L1Client, sender: Sender, signal?: AbortSignal): Promise<void> {
  try {
    await finalize(l1, { sender, signal });
  } catch (error) {
    if (!(error instanceof L1RevertError && error.revert?.name === "ChainDisputed")) throw error;
  }
}

/** With validity proofs: ends what was proven, and takes back what nobody proved in time, else it would stand in the way for ever. */
async function settleDue(l1: L1Client, sender: Sender, signal?: AbortSignal): Promise<void> {
  const { head, finalizedHead } = await l1.heads(signal);
  if (l1.parameters.proof === "fraud" || head === finalizedHead) return;
  const header = await l1.batchHeader(finalizedHead + 1n, signal);
  try {
    if (!(await finalizeProven(l1, header, { sender, signal }))) {
      if ((await l1.now(signal)) < header.timestamp + l1.parameters.challengeWindow) return;
      await revertUnproven(l1, header, { sender, signal });
    }
  } catch (error) {
    // Final, proven, or reverted by somebody else, meanwhile.
    const now = await l1.heads(signal);
    if (!(error instanceof L1RevertError) || (now.head === head && now.finalizedHead === finalizedHead)) throw error;
  }
  await settleDue(l1, sender, signal);
}

/** Freezes the chain if nothing stands in the way; else says what does. */
async function freezeWhenDue(
  l1: L1Client,
  { header, head, left }: Reconstruction,
  sender: Sender,
  signal?: AbortSignal,
): Promise<Waiting | undefined> {
  const frozen = () => ask("whether the chain is frozen", () => l1.chain.isFrozen(), { signal });
  if (await frozen()) return undefined;
  const now = await l1.now(signal);
  if (head > header.index) {
    const { finalizesAt, timestamp } = await l1.batchHeader(head, signal);
    if (finalizesAt === NEVER) {
      const until = timestamp + l1.parameters.challengeWindow;
      return { reason: `batch ${head} can be proved until ${time(until)}; after that anybody may take it back`, until };
    }
    return finalizesAt > now
      ? { reason: `batch ${head} can be disputed until ${time(finalizesAt)}`, until: finalizesAt }
      : { reason: `batch ${head} is under dispute, or above one that is` };
  }
  const [message] = left;
  if (message === undefined) {
    return {
      reason:
        "no message waits in the inbox, so nothing shows that the sequencer is gone; send one with rollup:force --withdraw all, which leaves by itself if a batch takes it in",
    };
  }
  const until = await freezableFrom(l1, header, message, signal);
  if (now < until) {
    return { reason: `the chain can be frozen from ${time(until)} on, if nobody posts a batch until then`, until };
  }
  try {
    await freezeChain(l1, header, message, { sender, signal });
  } catch (error) {
    // Somebody else may have been first, which is as good.
    if (!(error instanceof L1RevertError) || !(await frozen())) throw error;
  }
  return undefined;
}

/**
 * From when on anybody may freeze the chain, in seconds, if nothing is posted until then and all batches are final.
 * @param head Header of the last batch.
 * @param message The first inbox message that it left.
 */
export async function freezableFrom(
  l1: L1Client,
  head: BatchHeader,
  message: InboxMessage,
  signal?: AbortSignal,
): Promise<bigint> {
  const [at] = await ask("last activity", () => l1.chain.lastActivity(), { signal });
  const since = [message.timestamp, head.timestamp].reduce((latest, each) => (each > latest ? each : latest), at);
  return since + l1.parameters.escapeDelay;
}

interface TakeOptions {
  l1: L1Client;
  account: Hex;
  state: Reconstruction;
  sender: Sender;
  frozen: boolean;
  signal: AbortSignal | undefined;
}

async function takeAll({ l1, account, state, sender, frozen, signal }: TakeOptions): Promise<Taken[]> {
  const { header, balances, deposits, withdrawals } = escapeProofs(state, account);
  const options = { sender, signal };
  const taken: Taken[] = [];
  const read = <T>(call: () => Promise<T>): Promise<T> => ask("what left already", call, { signal });
  /** One that cannot be paid now does not keep back the others. */
  async function take(what: Taken, send: () => Promise<Done>): Promise<void> {
    try {
      taken.push({ ...what, transaction: (await send()).transaction });
    } catch (error) {
      if (!(error instanceof L1RevertError || error instanceof ActionError)) throw error;
      taken.push({ ...what, failure: error.message });
    }
  }

  for (const claim of withdrawals) {
    const { token, amount } = claim.withdrawal;
    const { index } = claim.header;
    await take({ kind: "withdrawal", token, amount, index }, () => claimWithdrawal(l1, claim, options));
  }
  if (frozen) {
    for (const proof of balances) {
      const { token, amount } = proof;
      if (await read(() => l1.bridge.isEscaped(account, token))) continue;
      await take({ kind: "balance", token, amount }, () => escapeBalance(l1, header, proof, options));
    }
    for (const message of deposits) {
      const { token, amount, index } = message;
      if (await read(() => l1.bridge.isRefunded(index))) continue;
      await take({ kind: "deposit", token, amount, index }, () => refundDeposit(l1, header, message, options));
    }
  }
  for (const token of state.tokens) {
    const amount = await read(() => l1.bridge.credit(account, token));
    if (amount > 0n) await take({ kind: "credit", token, amount }, () => claimCredit(l1, account, token, options));
  }
  return taken;
}
