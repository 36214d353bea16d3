import { expect } from "chai";
import { AbiCoder, FunctionFragment, type ParamType } from "ethers";

import { guarantee, toDestination } from "../../../plugin/channel/outcome.js";
import type { Hex } from "../../../plugin/types.js";
import { type Call, encodeCall, everyCall, fragmentOf } from "./calls.js";
import { BOND, ETH, outcomeOf, stateOf, useAdjudicator } from "./support.js";

const coder = AbiCoder.defaultAbiCoder();
const WORD = 32;
const HUGE = [(1n << 256n) - 1n, (1n << 256n) - 32n, (1n << 255n) - 31n, 1n << 64n];

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
    for (const call of await everyCall(environment())) {
      const { inputs, selector } = fragmentOf(environment(), call.name);
      expect(await refusal(call, encodeCall(environment(), call)), call.name).to.equal(undefined);
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
    const calls = (await everyCall(environment())).filter(({ name }) => bound.split(" ").includes(name));
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
      const data = encodeCall(environment(), call);
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
      return refusal(call, encodeCall(environment(), call));
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
    const data = encodeCall(environment(), call);
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
