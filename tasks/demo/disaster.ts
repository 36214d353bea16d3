import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { type BaseWallet, formatEther, parseEther, type Signer, Wallet } from "ethers";
import type { NetworkConnection } from "hardhat/types/network";

import type { RollupParametersInput } from "../../deploy/parameters.js";
import { openArchive } from "../../plugin/da/archive.js";
import { moveClock } from "../../plugin/hardhat/clock.js";
import { committeeReader } from "../../plugin/hardhat/committee.js";
import { startLocalCommittee } from "../../plugin/hardhat/local-committee.js";
import type { RollupChain } from "../../plugin/hardhat/types.js";
import { connectL1 } from "../../plugin/l1/client.js";
import type { Deployment } from "../../plugin/types.js";
import { StandardToken__factory, type StandardToken } from "../../typechain-types/index.js";
import { escapeAll, type EscapeFigures, type EscapeOptions, failuresOf, unequal } from "../support/escape-all.js";
import { LinesError } from "../support/explain.js";
import type { Narrator } from "../support/narrator.js";
import { accountOf } from "../support/network.js";

const USERS = 5;
/** So many payments that a blob is cheaper than their calldata. */
const PAYMENTS_EACH = 4;
const DEPOSIT = { eth: parseEther("1"), token: 1_000n * 10n ** 18n };
const LATE = parseEther("0.5");

export interface DisasterFigures extends Pick<
  EscapeFigures,
  "batches" | "seconds" | "transactions" | "places" | "freezableFrom" | "sums"
> {
  users: number;
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
    const book = await liveAndDie({ connection, funder, disk, parameters, narrator });
    const provider = connection.ethers.provider;
    // Others keep these: an archive of blobs, or the committee's members.
    const blobSources = [openArchive(`${disk}.blobs`)];
    const members = await startLocalCommittee(connectL1(provider, book), `${disk}.members`);
    const l1 = connectL1(provider, book, funder, {
      blobSources,
      committee: members && committeeReader(book, members.reached),
    });
    try {
      return await leaveNothing({ connection, l1, folder: join(home, "rebuilt"), narrator });
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
}): Promise<Deployment> {
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
  return chain.deployment;
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

async function leaveNothing(options: EscapeOptions): Promise<DisasterFigures> {
  const figures = await escapeAll(options);
  const wrong = [...failuresOf(figures), ...unequal(figures).map(({ token }) => `the sums in ${token} do not agree`)];
  if (wrong.length > 0) throw new LinesError(wrong);
  const { batches, seconds, transactions, places, freezableFrom, sums } = figures;
  return { users: USERS, batches, seconds, transactions, places, freezableFrom, sums };
}
