import { expect } from "chai";
import type { Addressable, Signer } from "ethers";

import type { ChannelAdjudicator, L1EscrowBridge } from "../../typechain-types/index.js";
import type { Connection } from "./env.js";

/** What of a test's environment a row needs. */
interface Surroundings {
  ethers: Connection["ethers"];
  alice: Signer & Addressable;
  carol: Signer & Addressable;
}

/** How one row's token is set up for alice, who hands 1,000 of it over and is paid what arrived. */
export interface TokenCase<Place> {
  token: Addressable;
  beforeDeposit?: () => Promise<unknown>;
  /** Deposits in another way than alice's 1,000. */
  deposit?: (place: Place) => Promise<unknown>;
  beforePayment?: () => Promise<unknown>;
  /** What must hold afterwards, beyond what every row is asked. */
  afterwards?: (place: Place) => Promise<unknown>;
}

/** One behaviour of a token, and what it does to who holds it. */
export interface TokenRow<Env, Place = void> {
  behaviour: string;
  prepare: (env: Env) => Promise<TokenCase<Place>>;
  /** What a deposit of 1,000 brings, or how it is refused. */
  deposit: { arrives: bigint } | { refused: string };
  /** What the payment of all that arrived gives, or how it is refused. */
  payment?: { paid: bigint; credit: bigint } | { refused: string };
  /** The token itself took from its holders, so that not all of it can be there. */
  insolvent?: true;
}

export const ORDINARY = { deposit: { arrives: 1_000n }, payment: { paid: 1_000n, credit: 0n } };
const WAITS = { deposit: { arrives: 1_000n }, payment: { paid: 0n, credit: 1_000n } };

/** A row of a token that needs no setting up. */
export function plain(contract: string, ...args: unknown[]) {
  return async ({ ethers }: Pick<Surroundings, "ethers">): Promise<{ token: Addressable }> => ({
    token: await ethers.deployContract(contract, args),
  });
}

/**
 * Tokens as whoever takes them in and pays them out meets them, whatever for.
 * @param holderOf Who that is.
 * @param nothing The error of a deposit of which nothing arrives.
 */
export function tokenRows<Env extends Surroundings, Place = void>(
  holderOf: (env: Env) => L1EscrowBridge | ChannelAdjudicator,
  nothing: string,
): TokenRow<Env, Place>[] {
  return [
    { behaviour: "an ordinary token", prepare: plain("MockERC20"), ...ORDINARY },
    { behaviour: "returns nothing", prepare: plain("MissingReturnToken", false), ...ORDINARY },
    { behaviour: "returns nothing from transfer only", prepare: plain("MissingReturnToken", true), ...ORDINARY },
    { behaviour: "returns false although it moved the amount", prepare: plain("ReturnsFalseToken"), ...ORDINARY },
    {
      behaviour: "returns false instead of reverting, from transferFrom",
      prepare: async ({ ethers }) => {
        const token = await ethers.deployContract("NoRevertToken");
        return { token, beforeDeposit: () => token.setRefusing(true) };
      },
      deposit: { refused: nothing },
    },
    {
      behaviour: "returns false instead of reverting, from transfer",
      prepare: async (env) => {
        const [{ alice, ethers }, holder] = [env, holderOf(env)];
        const token = await ethers.deployContract("NoRevertToken");
        return {
          token,
          beforePayment: () => token.setRefusing(true),
          afterwards: async () => {
            await token.setRefusing(false);
            await holder.claimCredit(alice, token);
            expect([await token.balanceOf(alice), await holder.credit(alice, token)]).to.deep.equal([1_000n, 0n]);
          },
        };
      },
      ...WAITS,
    },
    {
      behaviour: "takes a fee from what arrives",
      prepare: plain("FeeOnTransferToken"),
      deposit: { arrives: 900n },
      payment: { paid: 810n, credit: 0n },
    },
    {
      behaviour: "transfers less than asked, on the way in",
      prepare: async ({ ethers }) => {
        const token = await ethers.deployContract("PartialToken");
        return { token, beforeDeposit: () => token.setHalving(true), beforePayment: () => token.setHalving(false) };
      },
      deposit: { arrives: 500n },
      payment: { paid: 500n, credit: 0n },
    },
    {
      behaviour: "transfers less than asked, on the way out",
      prepare: async ({ ethers }) => {
        const token = await ethers.deployContract("PartialToken");
        return { token, beforePayment: () => token.setHalving(true) };
      },
      deposit: { arrives: 1_000n },
      payment: { paid: 500n, credit: 500n },
    },
    {
      behaviour: "rebases upwards",
      prepare: async (env) => {
        const token = await env.ethers.deployContract("RebasingToken");
        return { token, beforePayment: () => token.rebase(holderOf(env), 1_000_000n) };
      },
      ...ORDINARY,
    },
    {
      behaviour: "rebases downwards: what is missing waits as a credit",
      prepare: async (env) => {
        const token = await env.ethers.deployContract("RebasingToken");
        return { token, beforePayment: () => token.rebase(holderOf(env), 999n) };
      },
      ...WAITS,
      insolvent: true,
    },
    {
      behaviour: "blocks the recipient, who is paid elsewhere",
      prepare: async (env) => {
        const { ethers, alice, carol } = env;
        const token = await ethers.deployContract("BlocklistToken");
        return {
          token,
          beforePayment: () => token.setBlocked(alice, true),
          afterwards: async () => {
            await holderOf(env).connect(alice).claimCreditTo(token, carol);
            expect(await token.balanceOf(carol)).to.equal(1_000n);
          },
        };
      },
      ...WAITS,
    },
    {
      behaviour: "blocks who holds it: every payment waits",
      prepare: async (env) => {
        const [{ ethers, alice }, holder] = [env, holderOf(env)];
        const token = await ethers.deployContract("BlocklistToken");
        return {
          token,
          beforePayment: () => token.setBlocked(holder, true),
          afterwards: async () => {
            await token.setBlocked(holder, false);
            await holder.claimCredit(alice, token);
          },
        };
      },
      ...WAITS,
    },
    {
      behaviour: "is paused, and paid out when it runs again",
      prepare: async (env) => {
        const [{ ethers, alice }, holder] = [env, holderOf(env)];
        const token = await ethers.deployContract("PausableToken");
        return {
          token,
          beforePayment: () => token.setPaused(true),
          afterwards: async () => {
            await token.setPaused(false);
            await holder.claimCredit(alice, token);
            expect(await holder.credit(alice, token)).to.equal(0n);
          },
        };
      },
      ...WAITS,
    },
    {
      behaviour: "is particular about approvals, of which there are none",
      prepare: plain("ApprovalToken"),
      ...ORDINARY,
    },
    { behaviour: "refuses transfers of zero", prepare: plain("RevertZeroToken"), ...ORDINARY },
    { behaviour: "refuses transfers to the zero address", prepare: plain("RevertToZeroToken"), ...ORDINARY },
    ...[0, 2, 6, 18, 24].map((decimals): TokenRow<Env, Place> => ({
      behaviour: `has ${decimals} decimals, which L1 does not scale`,
      prepare: plain("DecimalsToken", decimals),
      ...ORDINARY,
    })),
    { behaviour: "lets nobody transferFrom itself", prepare: plain("TransferFromSelfToken"), ...ORDINARY },
    { behaviour: "has a bytes32 name", prepare: plain("Bytes32MetadataToken"), ...ORDINARY },
    { behaviour: "has code in its name", prepare: plain("InjectedNameToken"), ...ORDINARY },
    { behaviour: "counts in 96 bits", prepare: plain("Uint96Token"), ...ORDINARY },
    {
      behaviour: "is the native currency under another name",
      prepare: async ({ ethers, alice }) => {
        const token = await ethers.deployContract("NativeAliasToken");
        return { token, beforeDeposit: () => alice.sendTransaction({ to: token, value: 1_000n }) };
      },
      deposit: { refused: "TokenTransferNativeAlias" },
    },
    { behaviour: "answers a transfer with a return bomb", prepare: plain("ReturnBombToken"), ...ORDINARY },
    {
      behaviour: "refuses a transfer with a return bomb",
      prepare: async ({ ethers }) => {
        const token = await ethers.deployContract("ReturnBombToken");
        return { token, beforePayment: () => token.setRefusing(true) };
      },
      ...WAITS,
    },
    {
      behaviour: "burns all the gas of a transfer",
      prepare: async ({ ethers }) => {
        const token = await ethers.deployContract("GasBurnerToken");
        return { token, beforePayment: () => token.setBurning(true) };
      },
      ...WAITS,
    },
    {
      behaviour: "does not say its balances, on the way in",
      prepare: async ({ ethers }) => {
        const token = await ethers.deployContract("LyingToken");
        return { token, beforeDeposit: () => token.setSilent(true), afterwards: () => token.setSilent(false) };
      },
      deposit: { refused: "TokenTransferBalanceUnreadable" },
    },
    {
      behaviour: "does not say its balances, on the way out: what is due stays due",
      prepare: async ({ ethers }) => {
        const token = await ethers.deployContract("LyingToken");
        return { token, beforePayment: () => token.setSilent(true), afterwards: () => token.setSilent(false) };
      },
      deposit: { arrives: 1_000n },
      payment: { refused: "TokenTransferBalanceUnreadable" },
    },
    {
      behaviour: "always tells the same balance: nothing arrives",
      prepare: async ({ ethers }) => {
        const token = await ethers.deployContract("LyingToken");
        return { token, beforeDeposit: () => token.setLie(10n ** 30n) };
      },
      deposit: { refused: nothing },
    },
  ];
}
