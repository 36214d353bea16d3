import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { type BaseWallet, formatEther, parseEther, type Signer, Wallet } from "ethers";
import type { NetworkConnection } from "hardhat/types/network";

import { type Left, leave } from "../../plugin/escape/leave.js";
import { accountsOf, reconstruct, type Reconstruction } from "../../plugin/escape/reconstruct.js";
import type { RollupParametersInput } from "../../deploy/parameters.js";
import { openArchive } from "../../plugin/da/archive.js";
import { moveClock } from "../../plugin/hardhat/clock.js";
import { committeeReader } from "../../plugin/hardhat/committee.js";
import { loadLedger } from "../../plugin/hardhat/ledger.js";
import { startLocalCommittee } from "../../plugin/hardhat/local-committee.js";
import type { RollupChain } from "../../plugin/hardhat/types.js";
import { forceWithdrawal } from "../../plugin/l1/actions.js";
import { connectL1, type L1Client } from "../../plugin/l1/client.js";
import { createSource } from "../../plugin/l1/source.js";
import { openLevelStore } from "../../plugin/store/level.js";
import type { Deployment, Hex } from "../../plugin/types.js";
import { StandardToken__factory, type StandardToken } from "../../typechain-types/index.js";
import { LinesError } from "../support/explain.js";
import { accountOf } from "../support/network.js";
import { ETH } from "./books.js";
import { type PlaceName, placeOf } from "./places.js";
import type { Narrator } from "./tour.js";

const USERS = 5;
/** So many payments that a blob is cheaper than their calldata. */
const PAYMENTS_EACH = 4;
const DEPOSIT = { eth: parseEther("1"), token: 1_000n * 10n ** 18n };
const LATE = parseEther("0.5");

export interface DisasterFigures {
  users: number;
  batches: bigint;
  /** Seconds of the reconstruction. */
  seconds: number;
  transactions: number;
  /** Where the data of each batch were found. */
  places: PlaceName[];
  freezableFrom: bigint | undefined;
  /** By token, zero is ETH: what was put in less what was withdrawn before, and what everybody took out. */
  sums: { token: string; putIn: bigint; takenOut: bigint; leftBehind: bigint }[];
}

interface Scene {
  connection: NetworkConnection;
  chain: RollupChain;
  funder: Signer;
  users: BaseWallet[];
  token: StandardToken;
  narrator: Narrator;
}

/** Everything fails: the sequencer is gone for ever and its disk is wiped. Everybody leaves by what L1 has. */
export async function strike(
  connection: NetworkConnection,
  parameters: RollupParametersInput,
  narrator: Narrator,
): Promise<DisasterFigures> {
  const { signer: funder } = await accountOf(connection);
  const home = await mkdtemp(join(tmpdir(), "rollup-disaster-"));
  const disk = join(home, "sequencer");
  try {
    const { book, token } = await liveAndDie({ connection, funder, disk, parameters, narrator });
    const provider = connection.ethers.provider;
    // Others keep these: an archive of blobs, or the committee's members.
    const blobSources = [openArchive(`${disk}.blobs`)];
    const members = await startLocalCommittee(connectL1(provider, book), `${disk}.members`);
    const l1 = connectL1(provider, book, funder, {
      blobSources,
      committee: members && committeeReader(book, members.reached),
    });
    try {
      return await escapeAll({ connection, l1, token, folder: join(home, "rebuilt"), narrator });
    } finally {
      await members?.close();
    }
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

/** A life with deposits, transfers, withdrawals, and an end in the middle of it. */
async function liveAndDie({
  connection,
  funder,
  disk,
  parameters,
  narrator,
}: Pick<Scene, "connection" | "funder" | "narrator"> & {
  disk: string;
  parameters: RollupParametersInput;
}): Promise<{ book: Deployment; token: StandardToken }> {
  narrator.heading("Before: a rollup with users, balances and withdrawals");
  const chain = await narrator.progress("Deploying", () =>
    connection.rollup.deploy(parameters, { sequencer: funder, storage: disk }),
  );
  const token = await new StandardToken__factory(funder).deploy();
  await token.waitForDeployment();
  const users = Array.from({ length: USERS }, () => Wallet.createRandom());
  const scene: Scene = { connection, chain, funder, users, token, narrator };
  await narrator.progress("Living", () => live(scene));
  const late = await chain.deposit(funder, { amount: LATE, to: users[0]?.address ?? "" });
  narrator.line(`Deposit ${late.message.index} of ${formatEther(LATE)} ETH is on L1 and in no batch yet.`);
  await chain.close();
  await rm(disk, { recursive: true });
  narrator.heading("Disaster: the sequencer is gone for ever, its disk is wiped");
  return { book: chain.deployment, token };
}

async function live({ connection, chain, funder, users, token }: Scene): Promise<void> {
  const amounts = { eth: DEPOSIT.eth, token: DEPOSIT.token };
  await (await token.mint(funder, amounts.token * BigInt(users.length))).wait();
  for (const { address } of users) {
    await chain.deposit(funder, { amount: amounts.eth, to: address });
    await chain.deposit(funder, { amount: amounts.token, token, to: address });
  }
  const { provider } = chain.l2;
  for (let round = 0; round < PAYMENTS_EACH; round++) {
    for (const [i, user] of users.entries()) {
      const to = users[(i + 1) % users.length]?.address ?? "";
      await (await user.connect(provider).sendTransaction({ to, value: parseEther("0.1") + BigInt(i) })).wait();
    }
  }
  await chain.sequencer.post();
  const [first, second] = users;
  if (first === undefined || second === undefined) throw new Error("the drill needs two users");
  // One withdrawal is claimed in time, one is not: it is proven from L1 later.
  const claimed = await chain.l2.withdraw(first, { amount: parseEther("0.2") });
  await chain.l2.withdraw(second, { amount: 5n * 10n ** 18n, token });
  await chain.finalize();
  await chain.claim(claimed, funder);
  await moveClock(connection, BigInt((await connection.ethers.provider.getBlock("latest"))?.timestamp ?? 0) + 60n);
}

async function escapeAll({
  connection,
  l1,
  token,
  folder,
  narrator,
}: Pick<Scene, "connection" | "token" | "narrator"> & { l1: L1Client; folder: string }): Promise<DisasterFigures> {
  const held = async (): Promise<[string, bigint][]> => [
    [ETH, await l1.provider.getBalance(l1.addresses.bridge)],
    [await token.getAddress(), await token.balanceOf(l1.addresses.bridge)],
  ];
  const putIn = await held();
  const store = await openLevelStore(folder);
  try {
    narrator.heading("Rebuild: the whole state, from L1 alone");
    const ledger = loadLedger();
    let transactions = 0;
    const continued = () =>
      reconstruct({
        ...{ client: l1, source: createSource(l1), program: ledger, store },
        log: (event) => {
          if (event.kind === "executed") transactions += event.transactions;
        },
      });
    const begin = performance.now();
    const state = await narrator.progress("Executing every batch", continued);
    const seconds = (performance.now() - begin) / 1000;
    narrator.line(
      `${state.head} batches, ${transactions} transactions in ${(seconds * 1000).toFixed(0)} ms; state ${state.header.stateRoot}`,
    );

    const posted = state.head === 0n ? [] : await l1.batches(1n, state.head);
    const places = await Promise.all(posted.map(({ transaction }) => placeOf(l1.provider, transaction)));
    narrator.line(`Where their data were: ${places.join(", ")}.`);

    narrator.heading("Force: a withdrawal straight on L1, which no batch may skip; but nobody posts one");
    const forced = await forceWithdrawal(l1, { amount: "all" });
    narrator.line(`Inbox message ${forced.message.index} waits.`);

    narrator.heading("Wait: everybody who could go on has a turn");
    const [someone] = accountsOf(state);
    const early = await leave({ l1, account: someone ?? l1.addresses.bridge, reconstruct: continued });
    if (early.frozen) throw new LinesError(["the chain was frozen before its time"]);
    narrator.line(`Not yet: ${early.waiting?.reason ?? ""}.`);
    if (early.waiting?.until !== undefined) await moveClock(connection, early.waiting.until);

    narrator.heading("Leave: freeze, and every account takes everything out");
    const left = await narrator.progress("Leaving", () => leaveAll(l1, state, continued));
    for (const { account, taken } of left) {
      for (const { failure } of taken) if (failure !== undefined) throw new LinesError([`${account}: ${failure}`]);
    }
    narrator.line(`${left.length} accounts took out ${left.flatMap(({ taken }) => taken).length} things.`);

    narrator.heading("Check: what everybody took out is what was put in, to the wei");
    const now = await held();
    const sums = putIn.map(([address, amount], i) => ({
      token: address,
      putIn: amount,
      takenOut: [early, ...left].reduce((sum, each) => sum + takenOf(each, address), 0n),
      leftBehind: now[i]?.[1] ?? 0n,
    }));
    const wrong = sums.filter(({ putIn: before, takenOut, leftBehind }) => before !== takenOut || leftBehind !== 0n);
    for (const { token: address, putIn: before, takenOut, leftBehind } of sums) {
      narrator.line(
        `${address === ETH ? "ETH" : "tokens"}: ${formatEther(before)} in the bridge, ${formatEther(takenOut)} taken out, ${leftBehind} left`,
      );
    }
    if (wrong.length > 0)
      throw new LinesError(wrong.map(({ token: address }) => `the sums in ${address} do not agree`));
    return {
      users: USERS,
      batches: state.head,
      seconds,
      transactions,
      places,
      freezableFrom: early.waiting?.until,
      sums,
    };
  } finally {
    await store.close();
  }
}

/** Every account of the state, and whoever has a deposit on the way or a withdrawal to claim. */
async function leaveAll(
  l1: L1Client,
  state: Reconstruction,
  continued: () => Promise<Reconstruction>,
): Promise<Left[]> {
  const owners = new Map<string, Hex>();
  const add = (account: Hex) => owners.set(account.toLowerCase(), account);
  for (const account of accountsOf(state)) add(account);
  for (const { sender } of state.left) add(sender);
  for (const { withdrawals } of state.unclaimed()) for (const { target } of withdrawals) add(target);
  const left: Left[] = [];
  for (const account of owners.values()) left.push(await leave({ l1, account, reconstruct: continued }));
  return left;
}

function takenOf({ taken }: Left, token: string): bigint {
  return taken
    .filter((each) => each.token.toLowerCase() === token.toLowerCase() && each.failure === undefined)
    .reduce((sum, { amount }) => sum + amount, 0n);
}
