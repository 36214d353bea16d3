import { expect } from "chai";
import { keccak256, toBeHex } from "ethers";

import { toDestination } from "../../../plugin/channel/outcome.js";
import type { Hex } from "../../../plugin/types.js";
import type { MockRecipient } from "../../../typechain-types/index.js";
import { encodeCall, everyCall } from "./calls.js";
import { ETH, Mode, outcomeOf, useAdjudicator } from "./support.js";

const FINAL = { turnNum: 9n, isFinal: true } as const;

/**
 * What a recipient reads and writes when it is paid, warm: a payment brings too little gas to load a long call from cold slots.
 * Its slots are 0 (manner and callee), 1 (the call) and 3 (the answer).
 */
function warmed(recipient: string, call: string) {
  const bytes = BigInt(keccak256(toBeHex(1n, 32)));
  const words = Array.from({ length: Math.ceil(call.length / 64) }, (_, i) => bytes + BigInt(i));
  return [{ address: recipient, storageKeys: [0n, 1n, 3n, ...words].map((slot) => toBeHex(slot, 32)) }];
}

describe("ChannelAdjudicator, called back while it pays", () => {
  const environment = useAdjudicator();
  /** Whatever calls nobody needs no lock. */
  const UNLOCKED = ["depositETH", "registerSessionKey", "openArbitration", "closeArbitration", "conclude"];

  /** Every way in which the recipient is paid ETH: what it calls for that. */
  async function payments(recipient: MockRecipient): Promise<[name: string, data: string][]> {
    const { adjudicator, alice, bob, channelOf, challengeWith, digests, sign, signedByAll } = environment();
    const encode = adjudicator.interface.encodeFunctionData.bind(adjudicator.interface);
    const to = (await recipient.getAddress()) as Hex;
    const own = adjudicator.connect(alice);
    const at = (channelNonce: bigint) => channelOf([alice, bob], { channelNonce });
    const outcome = outcomeOf(ETH, [to, 5n]);

    const exact = at(101n);
    await own.depositETH(exact.id, 0n, { value: 5n });
    const rich = at(102n);
    await own.depositETH(rich.id, 0n, { value: 6n });
    const ended = at(103n);
    await own.depositETH(ended.id, 0n, { value: 5n });
    const final = signedByAll(ended, { ...FINAL, outcome });
    await own.conclude(ended.params, final);
    const open = at(104n);
    await own.depositETH(open.id, 0n, { value: 5n });
    const withdrawal = { asset: ETH, destination: toDestination(to), total: 5n };
    const owing = at(105n);
    await own.depositETH(owing.id, 0n, { value: 5n });
    await recipient.setManner(1);
    await own.concludeAndPay(owing.params, signedByAll(owing, { ...FINAL, outcome }));
    const [stale, late] = [at(106n), at(107n)];
    for (const channel of [stale, late]) await challengeWith(channel, { turnNum: 5n });
    return [
      ["concludeAndPay of all", encode("concludeAndPay", [exact.params, signedByAll(exact, { ...FINAL, outcome })])],
      ["concludeAndPay of a part", encode("concludeAndPay", [rich.params, signedByAll(rich, { ...FINAL, outcome })])],
      ["payout", encode("payout", [ended.id, final.state, final.outcome, 0n, []])],
      [
        "withdraw",
        encode("withdraw", [
          ...([open.params, ETH, withdrawal.destination, 5n] as const),
          sign(digests.withdrawal(open.id, withdrawal), [alice, bob]),
        ]),
      ],
      ["claimCredit", encode("claimCredit", [to, ETH])],
      ["claimCreditTo", encode("claimCreditTo", [ETH, to])],
      ["a bond by checkpoint", encode("checkpoint", [stale.params, signedByAll(stale, { turnNum: 8n })])],
      ["a bond by respond", encode("respond", [late.params, [signedByAll(late, { turnNum: 8n })]])],
    ];
  }

  it("is locked wherever it pays, but for what calls nobody, which answers as always", async () => {
    const env = environment();
    const { adjudicator, address, ethers, networkHelpers } = env;
    const recipient = await ethers.deployContract("MockRecipient");
    const outer = await payments(recipient);
    const isChange = ({ name }: { name: string }) =>
      !["view", "pure"].includes(adjudicator.interface.getFunction(name as "payout").stateMutability);
    const inner = (await everyCall(env)).filter(isChange);
    expect(inner).to.have.length(
      adjudicator.interface.fragments.filter(
        (each) =>
          each.type === "function" && "stateMutability" in each && !/view|pure/.test(String(each.stateMutability)),
      ).length,
    );
    const locked = adjudicator.interface.encodeErrorResult("ReentrancyGuardReentrantCall");
    const before = await networkHelpers.takeSnapshot();
    for (const [name, payment] of outer) {
      for (const call of inner) {
        const data = encodeCall(env, call);
        const alone = await ethers.provider
          .call({ from: await recipient.getAddress(), to: address, data })
          .catch((error: unknown) => (error as { data: string }).data);
        await recipient.setCall(address, data);
        const held = await ethers.provider.getBalance(recipient);
        await recipient.execute(address, payment, { accessList: warmed(await recipient.getAddress(), data) });
        const said = `${call.name} in the middle of ${name}`;
        expect(await ethers.provider.getBalance(recipient), said).to.be.greaterThan(held);
        expect(await recipient.lastAnswer(), said).to.equal(UNLOCKED.includes(call.name) ? alone : locked);
        await before.restore();
      }
    }
  });

  it("ends a channel by a conclusion in the middle of its bond's payment as it would right after it", async () => {
    const { adjudicator, address, channelOf, challengeWith, ethers, signedByAll, stateHashOf } = environment();
    const recipient = await ethers.deployContract("MockRecipient");
    const encode = adjudicator.interface.encodeFunctionData.bind(adjudicator.interface);
    for (const [channelNonce, manner] of [
      [1n, "checkpoint"],
      [2n, "respond"],
    ] as const) {
      const channel = channelOf(undefined, { channelNonce });
      await challengeWith(channel, { turnNum: 5n });
      const final = signedByAll(channel, FINAL);
      const later = signedByAll(channel, { turnNum: 8n });
      const conclusion = encode("conclude", [channel.params, final]);
      await recipient.setCall(address, conclusion);
      const accessList = warmed(await recipient.getAddress(), conclusion);
      const answer =
        manner === "checkpoint"
          ? encode("checkpoint", [channel.params, later])
          : encode("respond", [channel.params, [later]]);
      await recipient.execute(address, answer, { accessList });
      const status = await adjudicator.statusOf(channel.id);
      expect([status.mode, status.turnNum, status.agreedTurnNum, status.bondHeld, status.stateHash]).to.deep.equal([
        ...[Mode.finalized, 9n, 9n, false],
        stateHashOf(channel, final),
      ]);
      await expect(adjudicator.returnBond(channel.params)).to.be.revertedWithCustomError(adjudicator, "ChannelNoBond");
    }
  });
});
