import { expect } from "chai";
import { hexlify, randomBytes } from "ethers";

import type { BatchHeader } from "../../plugin/types.js";
import { openScene, playerOf, playOut, type Scene } from "./support/scene.js";

/** Claims of the attackers, half of them against the batch and half against the answers. */
const CLAIMS = process.env.ROLLUP_TEST_LONG === "1" ? 500 : 40;

describe(`${CLAIMS} false claims against a right batch`, () => {
  it("are answered once each, in looks that are short, at less gas than they cost", async function () {
    this.timeout(300_000);
    const scene = await openScene();
    const { chain, honest, connection } = scene;
    await chain.sequencer.post();
    const header = await scene.as(honest).batchHeader(2n);
    const { provider } = connection.ethers;
    const before = await provider.getBalance(honest);
    const validator = await playerOf(scene, honest);
    await validator.run({ watch: false });

    let attack = await claimAgainstBatch(scene, header, CLAIMS / 2);
    const begin = process.cpuUsage();
    const first = await answerAll(scene, validator);
    attack += await claimAgainstAnswers(scene, CLAIMS / 2);
    const second = await answerAll(scene, validator);
    const { user, system } = process.cpuUsage(begin);
    const defence = first.gas + second.gas;
    expect([first.moves, second.moves]).to.deep.equal([CLAIMS / 2, CLAIMS / 2]);
    expect(defence < attack).to.equal(true);
    if (process.env.ROLLUP_TEST_LONG === "1") {
      const figures = { attack, defence, cpuSeconds: (user + system) / 1e6, perClaim: defence / BigInt(CLAIMS) };
      console.log(figures);
    }

    await playOut(scene, [validator]);
    expect(await chain.contracts.chain.isDisputed(await chain.contracts.chain.headerHash(2n))).to.equal(false);
    expect(await chain.contracts.chain.heads()).to.deep.equal([2n, 0n]);
    expect(await provider.getBalance(chain.contracts.game)).to.equal(0n);
    expect((await provider.getBalance(honest)) > before).to.equal(true);
    await connection.close();
  });
});

/** @returns the gas of all. */
async function claimAgainstBatch({ chain, spare }: Scene, header: BatchHeader, count: number): Promise<bigint> {
  const { game } = chain.contracts;
  const value = await game.bond(1);
  let gas = 0n;
  for (let i = 0; i < count; i++) {
    const attacker = attackerOf(spare, i);
    const sent = await game.connect(attacker).counterBatch(header, noise(), { value });
    gas += (await sent.wait())?.gasUsed ?? 0n;
  }
  return gas;
}

/** Counters what the validator answered, each at another state. @returns the gas of all. */
async function claimAgainstAnswers({ chain, spare, honest }: Scene, count: number): Promise<bigint> {
  const { game } = chain.contracts;
  const value = await game.bond(3);
  const made = await game.queryFilter(game.filters.ClaimMade(undefined, undefined, honest.address));
  let gas = 0n;
  for (const [i, { args }] of made.slice(0, count).entries()) {
    const { parent, start, index, listHash } = args.claim;
    const claim = { parent, start, index, listHash };
    const game_ = game.connect(attackerOf(spare, i));
    const sent = await game_.counter(claim, [...args.list], i % args.list.length, noise(), { value });
    gas += (await sent.wait())?.gasUsed ?? 0n;
  }
  return gas;
}

/** Lets the validator look until it has nothing to do. */
async function answerAll(
  { connection, honest }: Scene,
  validator: { run(options: { watch: false }): Promise<{ moves: number }> },
): Promise<{ moves: number; gas: bigint }> {
  const { provider } = connection.ethers;
  const from = (await provider.getBlockNumber()) + 1;
  let moves = 0;
  for (let last = 1; last > 0;) moves += last = (await validator.run({ watch: false })).moves;
  let gas = 0n;
  for (let number = from; number <= (await provider.getBlockNumber()); number++) {
    for (const { from: sender, hash } of (await provider.getBlock(number, true))?.prefetchedTransactions ?? []) {
      if (sender === honest.address) gas += (await provider.getTransactionReceipt(hash))?.gasUsed ?? 0n;
    }
  }
  return { moves, gas };
}

function noise(): string[] {
  return Array.from({ length: 16 }, () => hexlify(randomBytes(32)));
}

function attackerOf(spare: Scene["spare"], i: number): Scene["spare"][number] {
  const attacker = spare[i % 4];
  if (attacker === undefined) throw new Error("too few accounts");
  return attacker;
}
