import { AllocationType, type Outcome } from "../types.js";
import { AppError } from "./state.js";

/**
 * The outcome after `amounts` went from the first allocation of each asset, the payer's, to the second, the payee's.
 * @param amounts By asset of the outcome, in its order.
 * @throws {AppError} when the payer has too little, or the outcome is no payer's and payee's.
 */
export function paid(outcome: Outcome, amounts: readonly bigint[]): Outcome {
  return outcome.map(({ asset, allocations }, i) => {
    const amount = amounts[i] ?? 0n;
    const [payer, payee] = allocations;
    if (
      allocations.length !== 2 ||
      !payer ||
      !payee ||
      allocations.some(({ allocationType }) => allocationType !== AllocationType.simple)
    ) {
      throw new AppError(`of ${asset} there must be two simple allocations, the payer's and the payee's`);
    }
    if (amount < 0n) throw new AppError(`a payment takes nothing back, got ${amount} of ${asset}`);
    if (amount > payer.amount) throw new AppError(`the payer has ${payer.amount} of ${asset}, not ${amount}`);
    return {
      asset,
      allocations: [
        { ...payer, amount: payer.amount - amount },
        { ...payee, amount: payee.amount + amount },
      ],
    };
  });
}
