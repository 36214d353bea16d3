import { AllocationType, type Allocation } from "../types.js";
import { AppError, type AppState, next } from "./state.js";
import { moverOf } from "./turn-taking.js";

/**
 * The move of a participant that pays others: the state of the next turn, of which it is the mover.
 * @param payments Amount, in the asset's smallest unit, by index of who gets it; none passes the turn.
 * @throws {AppError} when SingleAssetPaymentApp would not allow it.
 */
export function pay(last: AppState, mover: number, payments: ReadonlyMap<number, bigint>): AppState {
  const allocations = singleAsset(last).map((allocation) => ({ ...allocation }));
  const due = moverOf(last.turnNum + 1n, allocations.length);
  if (mover !== due) throw new AppError(`turn ${last.turnNum + 1n} is participant ${due}'s, not ${mover}'s`);
  const from = allocations[mover]!;
  for (const [index, amount] of payments) {
    const to = allocations[index];
    if (to === undefined)
      throw new AppError(`there is no participant ${index}, they are 0 to ${allocations.length - 1}`);
    if (amount < 0n) throw new AppError(`a payment takes nothing back, got ${amount}`);
    from.amount -= amount;
    to.amount += amount;
  }
  if (from.amount < 0n) throw new AppError(`participant ${mover} lacks ${-from.amount} for its payments`);
  return next(last, { appData: "0x", outcome: [{ ...last.outcome[0]!, allocations }] });
}

/** What the mover of `to` gave to each participant. @throws {AppError} when SingleAssetPaymentApp does not allow the move. */
export function paymentsOf(from: AppState, to: AppState): bigint[] {
  const [before, after] = [singleAsset(from), singleAsset(to)];
  if (from.isFinal) throw new AppError(`turn ${from.turnNum} was final: nothing follows it`);
  if (to.turnNum !== from.turnNum + 1n) throw new AppError(`turn ${from.turnNum + 1n} follows, not ${to.turnNum}`);
  if (to.appData !== "0x") throw new AppError("a payment has no app data");
  const [asset, found] = [from.outcome[0]!.asset, to.outcome[0]!.asset];
  if (asset.toLowerCase() !== found.toLowerCase()) throw new AppError(`the asset is ${asset}, not ${found}`);
  if (before.length !== after.length) throw new AppError(`there are ${before.length} allocations, not ${after.length}`);
  const mover = moverOf(to.turnNum, before.length);
  let sum = 0n;
  const payments = before.map(({ destination, amount }, i) => {
    const now = after[i]!;
    if (now.destination.toLowerCase() !== destination.toLowerCase()) {
      throw new AppError(`participant ${i}'s destination is ${destination}, not ${now.destination}`);
    }
    const gain = now.amount - amount;
    sum += gain;
    if (i !== mover && gain < 0n) throw new AppError(`participant ${mover} takes ${-gain} from participant ${i}`);
    return i === mover ? 0n : gain;
  });
  if (sum !== 0n) throw new AppError(`what is given must be got: the sum changes by ${sum}`);
  return payments;
}

function singleAsset({ outcome }: AppState): readonly Allocation[] {
  if (outcome.length !== 1) throw new AppError(`the outcome has one asset, not ${outcome.length}`);
  const { allocations } = outcome[0]!;
  allocations.forEach(({ allocationType }, i) => {
    if (allocationType !== AllocationType.simple) throw new AppError(`participant ${i}'s allocation must be simple`);
  });
  return allocations;
}
