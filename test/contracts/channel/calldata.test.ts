import { expect } from "chai";
import { AbiCoder, FunctionFragment, Interface, type ParamType } from "ethers";

import { guarantee, toDestination } from "../../../plugin/channel/outcome.js";
import type { Hex } from "../../../plugin/types.js";
import { Answer, BOND, type Channel, ETH, outcomeOf, stateOf, useAdjudicator } from "./support.js";

const coder = AbiCoder.defaultAbiCoder();
const WORD = 32;
const HUGE = [(1n << 256n) - 1n, (1n << 256n) - 32n, (1n << 255n) - 31n, 1n << 64n];

/** A call that the adjudicator takes. */
interface Call {
  name: string;
  args: readonly unknown[];
  from: string;
  value?: bigint;
}

/** How many bits a value of a type has, where its word has more. */
function widthOf(type: string): number | undefined {
  if (type === "address") return 160;
  if (type === "bool") return 1;
  const bits = Number(/^uint(\d+)$/.exec(type)?.[1] ?? 256);
  return bits < 256 ? bits : undefined;
}

/** The type with a whole word for every value. */
function widened(type: ParamType): string {
  if (type.baseType === "tuple") return `tuple(${(type.components ?? []).map(widened).join()})`;
  if (type.baseType === "array") return `${widened(type.arrayChildren!)}[]`;
  return widthOf(type.type) === undefined ? type.type : "uint256";
}

/** Where the narrow values are. */
function narrowIn(type: ParamType, value: unknown, path: (string | number)[] = []): string[] {
  const parts =
    type.baseType === "tuple"
      ? (type.components ?? []).map((part) => [part, part.name] as const)
      : type.baseType === "array"
        ? [...(value as unknown[]).keys()].map((i) => [type.arrayChildren!, i] as const)
        : undefined;
  if (parts === undefined) return widthOf(type.type) === undefined ? [] : [path.join(".")];
  return parts.flatMap(([part, key]) =>
    narrowIn(part, (value as Record<string | number, unknown>)[key], [...path, key]),
  );
}

/** The value with every narrow one as a number, and that at `dirty` with a bit above its type. */
function widen(type: ParamType, value: unknown, dirty: string, path: (string | number)[] = []): unknown {
  if (type.baseType === "tuple")
    return (type.components ?? []).map((part) =>
      widen(part, (value as Record<string, unknown>)[part.name], dirty, [...path, part.name]),
    );
  if (type.baseType === "array")
    return (value as unknown[]).map((each, i) => widen(type.arrayChildren!, each, dirty, [...path, i]));
  const width = widthOf(type.type);
  if (width === undefined) return value;
  const garbage = path.join(".") === dirty ? 1n << BigInt(width) : 0n;
  return BigInt(value as bigint | string) | garbage;
}

describe("ChannelAdjudicator, given calldata that no compiler writes", () => {
  const environment = useAdjudicator();

  /** One call of each function, none of which changes what the others need. */
  async function everyCall(): Promise<Call[]> {
    const env = environment();
    const { adjudicator, app, alice, bob, channelOf, signedBy, signedByAll, digests, sign, tokenAddress } = env;
    const own = adjudicator.connect(alice);
    const at = (channelNonce: bigint) => channelOf([alice, bob], { channelNonce });
    const final = (channel: Channel) =>
      signedByAll(channel, { turnNum: 9n, isFinal: true, outcome: outcomeOf(ETH, [bob.address, 4n]) });
    await app.setAnswer(Answer.yes);

    const open = at(1n);
    const disputed = at(2n);
    await env.challengeWith(disputed, { turnNum: 5n });
    const judged = channelOf([alice, bob], { channelNonce: 3n, appDefinition: app.target as Hex });
    await env.challengeByMove(judged, 6n);
    const underJudge = channelOf([alice, bob], { channelNonce: 4n });
    await env.challengeByMove(underJudge, 6n);
    await app.openArbitration(adjudicator, underJudge.params);
    const paying = at(5n);
    await own.depositETH(paying.id, 0n, { value: 4n });
    await adjudicator.conclude(paying.params, final(paying));
    const target = at(6n);
    const promise = { asset: ETH, allocations: [guarantee(target.id, 4n, alice.address as Hex, bob.address as Hex)] };
    const ledger = at(7n);
    const promised = signedByAll(ledger, { turnNum: 9n, isFinal: true, outcome: [promise] });
    await adjudicator.conclude(ledger.params, promised);
    await adjudicator.conclude(target.params, final(target));
    const bonded = at(8n);
    await env.challengeWith(bonded, { turnNum: 5n });
    await adjudicator.conclude(bonded.params, final(bonded));
    await own.depositETH(open.id, 0n, { value: 10n });
    const recipient = await env.ethers.deployContract("MockRecipient");
    await recipient.setManner(1);
    const to = (await recipient.getAddress()) as Hex;
    const owing = at(9n);
    await own.depositETH(owing.id, 0n, { value: 1n });
    const closing = { turnNum: 9n, isFinal: true, outcome: outcomeOf(ETH, [to, 1n]) };
    await adjudicator.concludeAndPay(owing.params, signedByAll(owing, closing));
    await recipient.setManner(0);

    const moves = [signedByAll(open, { turnNum: 5n }), signedBy(open, [0], stateOf({ turnNum: 6n }))];
    const last = moves[1]!.state;
    const withdrawal = { asset: ETH, destination: toDestination(bob.address as Hex), total: 3n };
    const session = { participant: bob.address as Hex, key: env.carol.address as Hex, expiry: 1n << 40n };
    const from = env.liar.address;
    return [
      { name: "depositETH", args: [open.id, 0n], from, value: 1n },
      { name: "depositERC20", args: [tokenAddress, open.id, 0n, 1n], from },
      {
        ...{ name: "registerSessionKey", from },
        args: [open.params, 1n, session.key, session.expiry, sign(digests.sessionKey(open.id, session), [bob])],
      },
      {
        ...{ name: "challenge", from, value: BOND },
        args: [open.params, moves, 0n, sign(digests.challenge(open.id, last), [alice])],
      },
      { name: "respond", args: [disputed.params, [signedByAll(disputed, { turnNum: 6n })]], from },
      { name: "checkpoint", args: [disputed.params, signedByAll(disputed, { turnNum: 6n })], from },
      { name: "openArbitration", args: [judged.params], from: app.target as string },
      {
        ...{ name: "closeArbitration", from: app.target as string },
        args: [underJudge.params, stateOf({ turnNum: 5n }).state, 0n],
      },
      { name: "conclude", args: [open.params, final(open)], from },
      { name: "concludeAndPay", args: [open.params, final(open)], from },
      { name: "payout", args: [paying.id, final(paying).state, final(paying).outcome, 0n, [0n]], from },
      {
        ...{ name: "reclaim", from },
        args: [ledger.id, promised.state, promised.outcome, 0n, 0n, target.params, final(target)],
      },
      {
        ...{ name: "withdraw", from },
        args: [
          ...[open.params, ETH, withdrawal.destination, 3n],
          sign(digests.withdrawal(open.id, withdrawal), [alice, bob]),
        ],
      },
      { name: "returnBond", args: [bonded.params], from },
      { name: "claimCredit", args: [to, ETH], from },
      { name: "claimCreditTo", args: [ETH, bob.address], from: to },
      { name: "credit", args: [to, ETH], from },
      { name: "depositedOf", args: [open.id, ETH], from },
      { name: "holdingsOf", args: [open.id, ETH], from },
      { name: "paidOf", args: [open.id, ETH, withdrawal.destination], from },
      { name: "sessionKeyOf", args: [open.id, session.participant], from },
      { name: "remainingTime", args: [open.params, 0n], from },
      { name: "channelIdOf", args: [open.params], from },
      { name: "stateDigest", args: [open.id, moves[0]!.state], from },
    ];
  }

  const fragmentOf = (name: string): FunctionFragment =>
    environment().adjudicator.interface.getFunction(name as "payout");
  const encode = ({ name, args }: Call): string => new Interface([fragmentOf(name)]).encodeFunctionData(name, args);

  /** What the adjudicator says to such bytes: undefined when it takes them, else the reason. */
  async function refusal({ from, value = 0n }: Call, data: string): Promise<string | undefined> {
    const { address, ethers } = environment();
    try {
      await ethers.provider.call({ from, to: address, data, value });
      return undefined;
    } catch (error) {
      const reason = (error as { data?: unknown }).data;
      if (typeof reason !== "string") throw error;
      return reason;
    }
  }

  it("refuses garbage above an address, a number or a bool, wherever it stands", async () => {
    const isNarrow = (type: ParamType): boolean =>
      type.baseType === "tuple"
        ? (type.components ?? []).some(isNarrow)
        : type.baseType === "array"
          ? isNarrow(type.arrayChildren!)
          : widthOf(type.type) !== undefined;
    const tried = new Set<string>();
    for (const call of await everyCall()) {
      const { inputs, selector } = fragmentOf(call.name);
      expect(await refusal(call, encode(call)), call.name).to.equal(undefined);
      const narrow = inputs.flatMap((type, i) => narrowIn(type, call.args[i], [i]));
      for (const dirty of narrow) {
        const values = inputs.map((type, i) => widen(type, call.args[i], dirty, [i]));
        const data = `${selector}${coder.encode(inputs.map(widened), values).slice(2)}`;
        // Decoding says nothing.
        expect(await refusal(call, data), `${call.name} ${dirty}`).to.equal("0x");
        tried.add(call.name);
      }
    }
    const all = environment().adjudicator.interface.fragments.filter((each) => FunctionFragment.isFragment(each));
    const concerned = all.filter(({ inputs }) => inputs.some(isNarrow)).map(({ name }) => name);
    expect([...tried].sort()).to.deep.equal(concerned.sort());
  });

  it("reads nothing beyond what it was given: of any word that is huge, shifted or zero, it refuses or does the same", async () => {
    const { address, ethers, networkHelpers } = environment();
    // The others do what their sender chooses, in any channel or as any verdict.
    const bound =
      "registerSessionKey challenge respond checkpoint conclude concludeAndPay payout reclaim withdraw returnBond";
    const calls = (await everyCall()).filter(({ name }) => bound.split(" ").includes(name));
    const before = await networkHelpers.takeSnapshot();
    // What it tells says by when: all are sent at one time.
    const time = (await networkHelpers.time.latest()) + 60;
    const effectOf = async (call: Call, data: string) => {
      await networkHelpers.time.setNextBlockTimestamp(time);
      const sender = await ethers.getImpersonatedSigner(call.from);
      const sent = await sender.sendTransaction({ to: address, data, value: call.value ?? 0n, gasLimit: 10_000_000n });
      const logs = (await sent.wait())?.logs.map(({ topics, data: said }) => [...topics, said]);
      await before.restore();
      return logs;
    };
    let same = 0;
    for (const call of calls) {
      const data = encode(call);
      const right = await effectOf(call, data);
      for (let at = 10; at < data.length; at += 2 * WORD) {
        const word = BigInt(`0x${data.slice(at, at + 2 * WORD).padEnd(2 * WORD, "0")}`);
        for (const other of [...HUGE, word + 32n, word - 32n, 0n]) {
          const altered = data.slice(0, at) + hexOf(other) + data.slice(at + 2 * WORD);
          if ((await refusal(call, altered)) !== undefined) continue;
          expect(await effectOf(call, altered), `${call.name}, byte ${at / 2 - 5}`).to.deep.equal(right);
          same++;
        }
      }
    }
    // What nobody asks for: app data and outcomes of states that everybody signed.
    expect(same).to.be.greaterThan(0);
  });

  it("refuses outcomes with offsets and lengths beyond their end, whoever signed them", async () => {
    const { adjudicator, alice, bob, channelOf, signedBy, ethers } = environment();
    const channel = channelOf();
    await adjudicator.connect(alice).depositETH(channel.id, 0n, { value: 7_777n });
    const final = { turnNum: 9n, isFinal: true, outcome: outcomeOf(ETH, [bob.address, 7_777n]) };
    const plain = stateOf(final);
    const signed = (outcome: Hex) =>
      signedBy(channel, [0, 1], {
        ...plain,
        outcome,
        state: { ...plain.state, outcomeHash: ethers.keccak256(outcome) as Hex },
      });
    const ofOutcome = (outcome: Hex) => {
      const call = { name: "concludeAndPay", args: [channel.params, signed(outcome)], from: bob.address };
      return refusal(call, encode(call));
    };
    const words = wordsIn(plain.outcome.slice(2));
    // Asset, destination and amount may be others.
    const values = [3, words.indexOf(toDestination(bob.address as Hex).slice(2)), words.indexOf(hexOf(7_777n))];
    const broken = [32, 31, 1].map((cut) => plain.outcome.slice(0, -2 * cut) as Hex);
    for (const i of words.keys()) {
      if (values.includes(i)) continue;
      for (const huge of HUGE) broken.push(`0x${words.with(i, hexOf(huge)).join("")}`);
    }
    for (const outcome of broken) expect(await ofOutcome(outcome), outcome).not.to.equal(undefined);
    await adjudicator.concludeAndPay(channel.params, signed(plain.outcome));
  });

  it("takes parts that overlap for what they say: twice the same list, and twice the same state", async () => {
    const { adjudicator, alice, bob, channelOf, signedBy, token, tokenAddress, ethers } = environment();
    const channel = channelOf();
    await adjudicator.connect(alice).depositETH(channel.id, 0n, { value: 6n });
    await adjudicator.connect(alice).depositERC20(token, channel.id, 0n, 6n);
    const twice = [ETH, tokenAddress].flatMap((asset) => outcomeOf(asset, [bob.address, 4n], [alice.address, 2n]));
    const plain = stateOf({ turnNum: 9n, isFinal: true, outcome: twice });
    // Offsets of both parts, then of the first one's list: it may stand where the second one's does.
    const words = wordsIn(plain.outcome.slice(2));
    const at = (i: number): bigint => BigInt(`0x${words[i]!}`);
    const [first, second] = [at(2), at(3)];
    const start = (offset: bigint): number => 2 + Number(offset) / WORD;
    const listOfSecond = at(start(second) + 2);
    const outcome: Hex = `0x${words.with(start(first) + 2, hexOf(second - first + listOfSecond)).join("")}`;
    expect(outcome).not.to.equal(plain.outcome);
    const state = { ...plain.state, outcomeHash: ethers.keccak256(outcome) as Hex };
    const before = await token.balanceOf(bob);
    await expect(
      adjudicator.concludeAndPay(channel.params, signedBy(channel, [0, 1], { ...plain, state, outcome })),
    ).to.changeEtherBalance(ethers, bob, 4n);
    expect((await token.balanceOf(bob)) - before).to.equal(4n);

    const other = channelOf([alice, bob], { channelNonce: 2n });
    const move = signedBy(other, [0], stateOf({ turnNum: 6n }));
    const call = { name: "challenge", args: [other.params, [move, move], 0n, "0x"], from: alice.address, value: BOND };
    const data = encode(call);
    // Both heads of the list name the first of the two.
    const heads = wordsIn(data.slice(10));
    const list = Number(BigInt(`0x${heads[1]!}`)) / WORD;
    const shared = `${data.slice(0, 10)}${heads.with(list + 2, heads[list + 1]!).join("")}`;
    const refused = adjudicator.interface.encodeErrorResult("ChannelTurnOrder", [6n, 6n]);
    expect(await refusal(call, shared)).to.equal(refused);
  });

  it("knows no allocation, asset or participant by an index that is huge", async () => {
    const { adjudicator, alice, bob, channelOf, signedByAll } = environment();
    const target = channelOf([alice, bob], { channelNonce: 2n });
    const promise = guarantee(target.id, 4n, alice.address as Hex, bob.address as Hex);
    const channel = channelOf();
    await adjudicator.connect(alice).depositETH(channel.id, 0n, { value: 4n });
    const final = { turnNum: 9n, isFinal: true };
    const ended = signedByAll(target, { ...final, outcome: outcomeOf(ETH, [alice.address, 1n], [bob.address, 3n]) });
    const { state, outcome, ...signatures } = signedByAll(channel, {
      ...final,
      outcome: [{ asset: ETH, allocations: [promise] }],
    });
    await adjudicator.conclude(channel.params, { state, outcome, ...signatures });
    await adjudicator.conclude(target.params, ended);
    // 2^128 is where places of one asset would run into the next one's.
    for (const huge of [1n, 1n << 128n, 1n << 251n, (1n << 256n) - 1n]) {
      for (const [call, error, args] of [
        [adjudicator.payout(channel.id, state, outcome, huge, []), "ChannelNoAllocation", [huge, 0n]],
        [adjudicator.payout(channel.id, state, outcome, 0n, [huge]), "ChannelNoAllocation", [0n, huge]],
        [
          adjudicator.reclaim(channel.id, state, outcome, huge, 0n, target.params, ended),
          "ChannelNoAllocation",
          [huge, 0n],
        ],
        [
          adjudicator.reclaim(channel.id, state, outcome, 0n, huge, target.params, ended),
          "ChannelNoAllocation",
          [0n, huge],
        ],
      ] as const)
        await expect(call)
          .to.be.revertedWithCustomError(adjudicator, error)
          .withArgs(...args);
      const nobody = huge + 1n === 1n << 256n ? huge : huge + 1n;
      for (const call of [
        adjudicator.remainingTime(channel.params, nobody),
        adjudicator.registerSessionKey(channel.params, nobody, bob, 1n << 40n, "0x"),
      ])
        await expect(call).to.be.revertedWithCustomError(adjudicator, "ChannelNoParticipant").withArgs(nobody);
    }
    await adjudicator.reclaim(channel.id, state, outcome, 0n, 0n, target.params, ended);
    // One allocation named twice is paid once.
    await adjudicator.payout(channel.id, state, outcome, 0n, [0n, 0n]);
    expect(await adjudicator.paidOf(channel.id, ETH, toDestination(bob.address as Hex))).to.equal(3n);
  });
});

const hexOf = (word: bigint): string =>
  BigInt.asUintN(256, word)
    .toString(16)
    .padStart(2 * WORD, "0");

/** Of hex without its prefix. */
const wordsIn = (hex: string): string[] => hex.match(/.{64}/g) ?? [];
