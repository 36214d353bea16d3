import type { Interface, TransactionResponse } from "ethers";
import type { NetworkConnection } from "hardhat/types/network";

import type { Deployment, Hex } from "../../plugin/types.js";
import {
  AvailabilityChallenge__factory,
  CommitteeDA__factory,
  DisputeGame__factory,
  L1EscrowBridge__factory,
  SequencerRegistry__factory,
  StateCommitmentChain__factory,
  UpgradeTimelock__factory,
  ValidityResolver__factory,
} from "../../typechain-types/index.js";
import { ERC20 } from "./erc20.js";
import type { Actor } from "./stage.js";
import type { GasRow, StepReport, TransactionRecord } from "./types.js";

const FACES: Readonly<Record<string, Interface>> = {
  L1EscrowBridge: L1EscrowBridge__factory.createInterface(),
  StateCommitmentChain: StateCommitmentChain__factory.createInterface(),
  SequencerRegistry: SequencerRegistry__factory.createInterface(),
  UpgradeTimelock: UpgradeTimelock__factory.createInterface(),
  DisputeGame: DisputeGame__factory.createInterface(),
  ValidityResolver: ValidityResolver__factory.createInterface(),
  AvailabilityChallenge: AvailabilityChallenge__factory.createInterface(),
  DataAvailability: CommitteeDA__factory.createInterface(),
};

interface Scope {
  deployment: Deployment | undefined;
  tokens: readonly Actor[];
  steps: readonly StepReport[];
  /** What the transactions of the deployment do, by their hashes. */
  titles: ReadonlyMap<Hex, string>;
}

/** Every transaction of the fork after block `from`, with what it was. */
export async function readTransactions(
  { ethers }: NetworkConnection,
  from: number,
  { deployment, tokens, steps, titles }: Scope,
): Promise<TransactionRecord[]> {
  const { provider } = ethers;
  const names = new Map(
    Object.entries(deployment?.contracts ?? {}).map(([name, { address }]) => [address.toLowerCase(), name]),
  );
  const known = new Set(tokens.map(({ address }) => address.toLowerCase()));
  const records: TransactionRecord[] = [];
  const head = await provider.getBlockNumber();
  for (let number = from + 1; number <= head; number++) {
    const block = await provider.getBlock(number, true);
    for (const transaction of block?.prefetchedTransactions ?? []) {
      const receipt = await provider.getTransactionReceipt(transaction.hash);
      if (receipt === null || block === null) continue;
      const { from: sender, to, hash } = transaction;
      records.push({
        ...{
          hash: hash as Hex,
          block: number,
          time: BigInt(block.timestamp),
          from: sender as Hex,
          to: to as Hex | undefined,
        },
        step: steps.find(({ fromBlock, toBlock }) => fromBlock <= number && number <= toBlock)?.id ?? "",
        kind: kindOf(transaction, { names, known, titles }),
        gasUsed: receipt.gasUsed,
        ok: receipt.status === 1,
      });
    }
  }
  return records;
}

interface Names {
  /** Of the suite's contracts, by address in lower case. */
  names: ReadonlyMap<string, string>;
  /** Tokens that take part. */
  known: ReadonlySet<string>;
  titles: ReadonlyMap<Hex, string>;
}

function kindOf({ to, data, hash }: TransactionResponse, { names, known, titles }: Names): string {
  const title = titles.get(hash as Hex);
  if (title !== undefined) return `deploy: ${title}`;
  if (to === null) return "create a contract";
  const name = names.get(to.toLowerCase());
  const selector = data.slice(0, 10);
  if (name !== undefined) return `${name}.${FACES[name]?.getFunction(selector)?.name ?? "other"}`;
  if (known.has(to.toLowerCase())) return `token.${ERC20.getFunction(selector)?.name ?? "other"}`;
  return "other contracts";
}

/** Contracts whose transactions are of users, of who runs the rollup, and so on; the first that fits. */
const GROUPS: readonly (readonly [prefix: string, group: GasRow["group"]])[] = [
  ["deploy: ", "deployment"],
  ["L1EscrowBridge.", "users"],
  ["StateCommitmentChain.", "operators"],
  ["SequencerRegistry.", "operators"],
  ["ValidityResolver.", "operators"],
  ["DisputeGame.", "disputes"],
  ["AvailabilityChallenge.", "disputes"],
  ["UpgradeTimelock.", "upgrades"],
  ["create a contract", "upgrades"],
];

function groupOf(kind: string): GasRow["group"] {
  return GROUPS.find(([prefix]) => kind.startsWith(prefix))?.[1] ?? "around";
}

/** Gas by kind, the dearest in all first. Failed transactions count apart, and in no mean. */
export function gasRows(transactions: readonly TransactionRecord[]): GasRow[] {
  const kinds = new Map<string, TransactionRecord[]>();
  for (const each of transactions) kinds.set(each.kind, [...(kinds.get(each.kind) ?? []), each]);
  const rows = [...kinds].map(([kind, records]): GasRow => {
    const gas = records.filter(({ ok }) => ok).map(({ gasUsed }) => gasUsed);
    const sum = gas.reduce((total, each) => total + each, 0n);
    const [min = 0n] = gas.toSorted(ascending);
    const max = gas.toSorted(ascending).at(-1) ?? 0n;
    const mean = gas.length === 0 ? 0n : sum / BigInt(gas.length);
    return { kind, group: groupOf(kind), count: gas.length, failed: records.length - gas.length, min, mean, max, sum };
  });
  return rows.toSorted((a, b) => ascending(b.sum, a.sum));
}

function ascending(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
