import { TypedDataEncoder, type TypedDataDomain } from "ethers";

import { concat, fromHex, toBigInt, toBytes, toHex } from "../../ledger/bytes.js";
import type { Hex } from "../../types.js";
import { type KeySigner, signerOf } from "../signing.js";
import { paid } from "./conditional-payment.js";
import { AppError, type AppState, next } from "./state.js";

/** Bytes of an amount with the signature of its voucher. */
const ENTRY_LENGTH = 96;
const NO_SIGNATURE: Hex = `0x${"00".repeat(64)}`;
/** Turns that are multiples of this are for states that everybody signs. */
const AGREED_TURNS = 256n;

/** The VirtualPaymentApp that vouchers are for. */
export interface VirtualPayments {
  l1ChainId: bigint;
  app: Hex;
}

/** What the payer says: `amount` of the asset is what I paid in this channel in all. */
export interface Voucher {
  channelId: Hex;
  /** ERC-20, or the zero address for ETH. */
  asset: Hex;
  /** In the asset's smallest unit; counts all earlier vouchers of the asset. */
  amount: bigint;
}

export interface SignedVoucher extends Voucher {
  /** 64 bytes (EIP-2098). */
  signature: Hex;
}

/** Of an asset, what the outcome of a state has settled, with the voucher's signature. */
export interface Settled {
  amount: bigint;
  signature: Hex;
}

export const VOUCHER_TYPES = {
  Voucher: [
    { name: "channelId", type: "bytes32" },
    { name: "asset", type: "address" },
    { name: "amount", type: "uint256" },
  ],
};

export function voucherDomain({ l1ChainId, app }: VirtualPayments): TypedDataDomain {
  return { name: "hardhat-rollup virtual payment", version: "1", chainId: l1ChainId, verifyingContract: app };
}

/** EIP-712 digest, 32 bytes. */
export function voucherDigest(payments: VirtualPayments, { channelId, asset, amount }: Voucher): Uint8Array {
  return fromHex(TypedDataEncoder.hash(voucherDomain(payments), VOUCHER_TYPES, { channelId, asset, amount }), 32);
}

/** @param payer The payer's key, or its session key. */
export function signVoucher(payments: VirtualPayments, voucher: Voucher, payer: KeySigner): SignedVoucher {
  const { channelId, asset, amount } = voucher;
  return { channelId, asset, amount, signature: payer.sign(voucherDigest(payments, voucher)) };
}

/**
 * What the payee gains by a voucher over what it has had, in the asset's smallest unit.
 * @param base The last state that everybody signed.
 * @param had Amount of the last good voucher for the asset; 0 for none.
 * @param payers The payer's address, and its session key if it has one.
 * @throws {AppError} unless it is good: signed by the payer for this channel, above the last one, covered, and redeemable
 * behind the base.
 */
export function checkVoucher(
  payments: VirtualPayments,
  voucher: SignedVoucher,
  { channelId, base, had, payers }: { channelId: Hex; base: AppState; had: bigint; payers: readonly Hex[] },
): bigint {
  const { asset, amount } = voucher;
  requireRedeemable(base);
  if (voucher.channelId !== channelId) throw new AppError(`the voucher is for ${voucher.channelId}, not ${channelId}`);
  const index = base.outcome.findIndex((other) => other.asset.toLowerCase() === asset.toLowerCase());
  if (index < 0) throw new AppError(`the channel has no asset ${asset}`);
  const settled = decodeSettled(base.appData, base.outcome.length)[index]!.amount;
  const last = had > settled ? had : settled;
  if (amount <= last) throw new AppError(`the voucher must be above ${last} of ${asset}, got ${amount}`);
  paid(
    base.outcome,
    base.outcome.map((_, i) => (i === index ? amount - settled : 0n)),
  );
  const signer = signerOf(voucherDigest(payments, voucher), voucher.signature);
  if (signer === undefined || !payers.some((payer) => payer.toLowerCase() === signer)) {
    throw new AppError(`the voucher is signed by ${signer ?? "nobody"}, not by ${payers.join(" or ")}`);
  }
  return amount - last;
}

/** App data of a state: 96 bytes for each asset of its outcome, in its order. */
export function encodeSettled(entries: readonly Settled[]): Hex {
  return toHex(concat(...entries.flatMap(({ amount, signature }) => [toBytes(amount, 32), fromHex(signature, 64)])));
}

/** What a state's app data say. @param assets Of its outcome; nothing is settled where app data are empty. @throws {AppError} */
export function decodeSettled(appData: Hex, assets: number): Settled[] {
  const bytes = fromHex(appData);
  if (bytes.length === 0) return Array.from({ length: assets }, () => ({ amount: 0n, signature: NO_SIGNATURE }));
  if (bytes.length !== ENTRY_LENGTH * assets) {
    throw new AppError(
      `app data for ${assets} assets are empty or ${ENTRY_LENGTH * assets} bytes, got ${bytes.length}`,
    );
  }
  return Array.from({ length: assets }, (_, i) => ({
    amount: toBigInt(bytes.subarray(ENTRY_LENGTH * i, ENTRY_LENGTH * i + 32)),
    signature: toHex(bytes.subarray(ENTRY_LENGTH * i + 32, ENTRY_LENGTH * (i + 1))),
  }));
}

/**
 * The state by which the payee redeems vouchers; it alone signs it.
 * @param base What everybody signed, or the adjudicator holds.
 * @param vouchers At most one of each asset; those that are not above what is settled change nothing.
 * @throws {AppError} when VirtualPaymentApp would not allow it.
 */
export function redeem(base: AppState, vouchers: readonly SignedVoucher[]): AppState {
  requireRedeemable(base);
  const settled = decodeSettled(base.appData, base.outcome.length);
  const entries = settled.map((entry, i) => {
    const { asset } = base.outcome[i]!;
    const voucher = vouchers.find((other) => other.asset.toLowerCase() === asset.toLowerCase());
    return voucher && voucher.amount > entry.amount ? voucher : entry;
  });
  const amounts = entries.map(({ amount }, i) => amount - settled[i]!.amount);
  if (amounts.every((amount) => amount === 0n)) throw new AppError("no voucher is above what is settled");
  return next(base, { appData: encodeSettled(entries), outcome: paid(base.outcome, amounts) });
}

/**
 * The state that everybody signs when what was paid is put into the outcome: of the next turn that no redemption reaches.
 * @param amounts Paid in all, by asset of the outcome. App data carry them, so that no voucher counts twice.
 * @throws {AppError}
 */
export function settle(base: AppState, amounts: readonly bigint[]): AppState {
  const settled = decodeSettled(base.appData, base.outcome.length);
  if (amounts.length !== settled.length)
    throw new AppError(`there are ${settled.length} assets, not ${amounts.length}`);
  return next(base, {
    turnNum: (base.turnNum / AGREED_TURNS + 1n) * AGREED_TURNS,
    appData: encodeSettled(amounts.map((amount) => ({ amount, signature: NO_SIGNATURE }))),
    outcome: paid(
      base.outcome,
      amounts.map((amount, i) => amount - settled[i]!.amount),
    ),
  });
}

/** @throws {AppError} where no voucher could be redeemed behind the state. */
function requireRedeemable({ turnNum, isFinal }: AppState): void {
  if (isFinal) throw new AppError(`turn ${turnNum} was final: nothing follows it`);
  if ((turnNum + 1n) % AGREED_TURNS === 0n) {
    throw new AppError(
      `nothing is redeemed behind turn ${turnNum}: turn ${turnNum + 1n} is for a state that everybody signs`,
    );
  }
}
