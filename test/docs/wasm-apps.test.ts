import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

import { expect } from "chai";

import { encodeOutcome, simple } from "../../plugin/channel/outcome.js";
import type { ChannelDomain, ChannelParams } from "../../plugin/channel/types.js";
import { encodeAppData, moveFrom, type ShownState } from "../../plugin/channel/wasm/move.js";
import { type WasmRules, wasmRules } from "../../plugin/channel/wasm/rules.js";
import { buildGuest } from "../../plugin/machine/build-guest.js";
import { type Hex, ZERO_ADDRESS, ZERO_HASH } from "../../plugin/types.js";

describe("the program of docs/wasm-apps.md", function () {
  this.timeout(120_000);
  const [alice, bob]: [Hex, Hex] = [`0x${"a1".repeat(20)}`, `0x${"b0".repeat(20)}`];
  const domain: ChannelDomain = { l1ChainId: 1n, adjudicator: alice };
  const params: ChannelParams = {
    participants: [alice, bob],
    channelNonce: 1n,
    appDefinition: bob,
    challengeDuration: 60,
    appParamsHash: ZERO_HASH,
  };
  let folder: string;
  let rules: WasmRules;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "rollup-twenty-one-"));
    await mkdir(join(folder, "node_modules"));
    await symlink(resolve("."), join(folder, "node_modules", "hardhat-rollup"));
    const text = await readFile("docs/wasm-apps.md", "utf8");
    const [, code] = /```ts\n(\/\/ assembly\/twenty-one\.ts.*?)```/s.exec(text) ?? [];
    if (code === undefined) throw new Error("docs/wasm-apps.md shows no program");
    await writeFile(join(folder, "twenty-one.ts"), code);
    rules = wasmRules((await buildGuest("twenty-one.ts", folder)).program.wasm);
  });
  after(() => rm(folder, { recursive: true }));

  const outcomeOf = (amounts: readonly [bigint, bigint]): Hex =>
    encodeOutcome([{ asset: ZERO_ADDRESS, allocations: [simple(alice, amounts[0]), simple(bob, amounts[1])] }]);
  /** What Bob (odd turns) or Alice says after a number. */
  const say = (before: number, after: number, over: { turnNum?: bigint; isFinal?: boolean; pot?: [bigint, bigint] } = {}) => {
    const { turnNum = 0n, isFinal = false, pot = turnNum % 2n === 0n ? [0n, 100n] : [100n, 0n] } = over;
    const appData = encodeAppData({ previous: ZERO_HASH, state: Uint8Array.of(before) });
    const base: ShownState = { turnNum, isFinal: false, appData, outcome: outcomeOf([40n, 60n]) };
    const [first, second] = pot;
    return rules.refusal(
      moveFrom(domain, params, base, { state: Uint8Array.of(after), outcome: outcomeOf([first, second]), isFinal }),
    );
  };

  it("counts to 21 by steps of 1 to 3, for the pot", () => {
    for (const step of [1, 2, 3]) expect(say(0, step)).to.equal(undefined);
    expect(say(5, 8, { turnNum: 1n })).to.equal(undefined);
    expect(say(19, 21, { isFinal: true })).to.equal(undefined);
  });

  it("allows nothing else", () => {
    const wrong = "the rules do not allow the move";
    for (const after of [0, 4, 255]) expect(say(0, after)).to.equal(wrong);
    expect(say(20, 22)).to.equal(wrong);
    expect(say(19, 21), "not the end").to.equal(wrong);
    expect(say(19, 20, { isFinal: true }), "no end").to.equal(wrong);
    expect(say(0, 3, { pot: [100n, 0n] }), "the other's pot").to.equal(wrong);
    expect(say(0, 3, { pot: [0n, 101n] }), "more than there is").to.equal(wrong);
  });
});
