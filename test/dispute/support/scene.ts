import { parseEther, type Signer } from "ethers";
import { network } from "hardhat";

import { loadLedger } from "../../../plugin/hardhat/ledger.js";
import type { PendingWithdrawal, RollupChain } from "../../../plugin/hardhat/types.js";
import { connectL1, type L1Client } from "../../../plugin/l1/client.js";
import { createSource } from "../../../plugin/l1/source.js";
import { dataHash } from "../../../plugin/ledger/hashes.js";
import { memoryStore } from "../../../plugin/store/memory.js";
import type { Store } from "../../../plugin/store/types.js";
import type { Hex } from "../../../plugin/types.js";
import { type Fault, forge, lyingLedger } from "../../../plugin/validator/faults.js";
import type { ValidatorEvent } from "../../../plugin/validator/types.js";
import { createValidator, type Validator } from "../../../plugin/validator/validator.js";

export const DEPOSIT = parseEther("2");

type Connection = Awaited<ReturnType<typeof network.create>>;
type Account = Signer & { address: string };

/** Where batch data go. */
export type DaForm = "calldata" | "blob" | "committee";

const MORE_PAYMENTS = 12;

/** A rollup with an honest batch, and what its users wait for. */
export interface Scene {
  connection: Connection;
  chain: RollupChain;
  users: Account[];
  /** Lies. */
  liar: Account;
  /** Plays for the truth. */
  honest: Account;
  /** Accounts that nobody uses. */
  spare: Account[];
  /** A payment and a withdrawal that are in no batch yet. */
  payment: string;
  withdrawal: PendingWithdrawal;
  balances: () => Promise<bigint[]>;
  as: (signer: Account) => L1Client;
}

/** Deploys, posts a batch with two deposits, and leaves two deposits, a payment and a withdrawal for the next one. */
export async function openScene(connection?: Connection, da: DaForm = "calldata"): Promise<Scene> {
  const own = connection ?? (await network.create());
  const [, alice, bob, carol, dave, liar, honest, ...spare] = await own.ethers.getSigners();
  if (!alice || !bob || !carol || !dave || !liar || !honest) throw new Error("too few accounts");
  const users = [alice, bob, carol, dave];
  const chain = await own.rollup.deploy({ da }, { validator: honest });
  for (const user of [alice, bob]) await chain.deposit(user, { amount: DEPOSIT });
  await chain.sequencer.post();
  for (const user of [carol, dave]) await chain.deposit(user, { amount: DEPOSIT });
  const payment = await chain.l2.wallet(alice).sendTransaction({ to: bob.address, value: 5n });
  // So many that a blob is cheaper than their calldata.
  for (let i = 0; da === "blob" && i < MORE_PAYMENTS; i++) {
    await chain.l2.wallet(alice).sendTransaction({ to: bob.address, value: 5n });
  }
  const withdrawal = await chain.l2.withdraw(bob, { amount: 7n });
  return {
    ...{ connection: own, chain, users, liar, honest, spare, payment: payment.hash, withdrawal },
    balances: () => Promise.all(users.map(({ address }) => chain.l2.balance(address))),
    as: (signer) => connectL1(own.ethers.provider, chain.deployment, signer),
  };
}

const ledger = loadLedger();

export interface PlayerOptions {
  store?: Store;
  log?: (event: ValidatorEvent) => void;
  /** Holds this batch to be what this lie says. */
  lie?: { about: bigint; fault: Fault };
  watchOnly?: boolean;
}

/** A validator of its own process, with the account of `signer`. */
export async function playerOf({ as }: Scene, signer: Account, options: PlayerOptions = {}): Promise<Validator> {
  const { store = memoryStore(), log, lie, watchOnly = false } = options;
  const client = as(signer);
  const target = lie && (await client.batchHeader(lie.about));
  const program =
    lie === undefined
      ? ledger
      : lyingLedger(ledger, (input, nodes) =>
          input.index === lie.about && dataHash(input.data) === target?.dataHash
            ? forge(lie.fault, input, nodes, ledger.execute)
            : undefined,
        );
  return createValidator({
    ...{ client, source: createSource(client, { games: true }), program, store, log, pollInterval: 20 },
    ...(watchOnly ? {} : { play: { client, machine: program } }),
  });
}

/** Lets players look in turn until none of them has anything to do; then the clocks run out, until no game is left. */
export async function playOut({ connection }: Scene, players: readonly Validator[]): Promise<void> {
  for (;;) {
    let moves = 0;
    let next: bigint | undefined;
    for (const player of players) {
      const summary = await player.run({ watch: false });
      moves += summary.moves;
      for (const { endsAt } of summary.games) if (next === undefined || endsAt < next) next = endsAt;
    }
    if (moves > 0) continue;
    if (next === undefined) return;
    await connection.networkHelpers.time.increaseTo(next);
  }
}

/** What an account sent to L1, by what it called. */
export async function callsOf({ connection, chain }: Scene, account: Account): Promise<string[]> {
  const { provider } = connection.ethers;
  const calls: string[] = [];
  for (let number = 0; number <= (await provider.getBlockNumber()); number++) {
    for (const transaction of (await provider.getBlock(number, true))?.prefetchedTransactions ?? []) {
      if (transaction.from !== account.address) continue;
      const call = chain.contracts.game.interface.parseTransaction(transaction);
      calls.push(call?.name ?? (transaction.to as Hex));
    }
  }
  return calls;
}
