import { id, Interface, keccak256 } from "ethers";

import {
  AvailabilityChallenge__factory,
  DataAvailabilityCommittee__factory,
  DisputeGame__factory,
  SuiteFactory__factory,
  UpgradeTimelock__factory,
  ValidityResolver__factory,
} from "../../typechain-types/index.js";
import { ask } from "../l1/ask.js";
import { readLogs } from "../l1/logs.js";
import type { Hex } from "../types.js";
import { compareFactory, comparePast } from "./code.js";
import { creationIn, creationsBefore } from "./creations.js";
import type { SuiteFacts } from "./facts.js";
import { codeOf } from "./read.js";
import type { Evidence } from "./types.js";

/** Parts without a proxy that keep storage. */
const KEEPERS = new Map<string, string>([
  ["DisputeGame", DisputeGame__factory.bytecode],
  ["ValidityResolver", ValidityResolver__factory.bytecode],
  ["AvailabilityChallenge", AvailabilityChallenge__factory.bytecode],
  ["DataAvailabilityCommittee", DataAvailabilityCommittee__factory.bytecode],
]);

/** Who wrote the storage of proxies, timelock, judge and committee before today's code came to stand there. */
export interface History {
  /** What other code than this package's wrote. */
  faults: string[];
  /** What the node does not tell. */
  unknown: string[];
  evidence: Evidence[];
}

const PROXY = new Interface(["event Upgraded(address indexed implementation)"]);
const ADMIN = new Interface(["event OwnershipTransferred(address indexed previousOwner, address indexed newOwner)"]);

export async function readHistory(facts: SuiteFacts): Promise<History> {
  const history: History = { faults: [], unknown: [], evidence: [] };
  const { parts, timelock, provider, genesisBlock } = facts;
  const keepers = parts.filter(({ name }) => KEEPERS.has(name));
  const wanted = [timelock.address, ...keepers.map(({ address }) => address)];
  const creations = await creationsBefore(provider, genesisBlock, wanted);
  await factoryOf(facts, history);
  await codesOf(facts, history);
  await hashesOf(facts, history);
  await timelockOf(facts, history, creations.get(timelock.address));
  await ownersOf(facts, history);
  for (const { name, address } of keepers) {
    const initCode = creations.get(address);
    if (initCode === undefined) {
      history.unknown.push(`no transaction shortly before the proxies' shows with which code ${name} was created`);
    } else if (!initCode.startsWith(KEEPERS.get(name) ?? "")) {
      history.faults.push(`${name} at ${address} was created by other code than this package's`);
    }
  }
  return history;
}

/** All proxies came out of this package's factory, in one transaction, with code behind them that is told. */
async function factoryOf({ provider, genesisTransaction, proxies }: SuiteFacts, history: History): Promise<void> {
  const receipt = await ask("creation of the proxies", () => provider.getTransactionReceipt(genesisTransaction));
  if (receipt === null) {
    history.unknown.push(`the node does not know transaction ${genesisTransaction}, which began the chain`);
    return;
  }
  const face = SuiteFactory__factory.createInterface();
  const topic = face.getEvent("ProxyCreated").topicHash;
  const logs = receipt.logs.filter(({ topics, address }) => topics[0] === topic && address === receipt.to);
  const created = logs.map((log) => String(face.parseLog(log)?.args.getValue("proxy")));
  const missing = proxies.filter(({ address }) => !created.includes(address));
  const isOurs = receipt.to !== null && (await compareFactory(provider, receipt.to as Hex));
  history.evidence.push({ what: "factory of the proxies", value: receipt.to ?? "none" });
  if (!isOurs)
    history.faults.push(
      `the proxies were created by ${receipt.to ?? "a transaction"}, which is not this package's factory`,
    );
  else
    for (const { name } of missing)
      history.faults.push(`${name} was not created with the chain by its factory ${receipt.to}`);
}

/** Every code that ever stood behind a proxy. */
async function codesOf(facts: SuiteFacts, history: History): Promise<void> {
  const { provider, proxies, fromBlock, block } = facts;
  const topics = [id("Upgraded(address)")];
  for (const { name, address } of proxies) {
    const codes = new Set<Hex>();
    for await (const logs of readLogs(
      provider,
      { addresses: [address], topics, from: fromBlock, to: block },
      "forward",
    )) {
      for (const log of logs) codes.add(PROXY.parseLog(log)?.args.getValue("implementation") as Hex);
    }
    history.evidence.push({ what: `code behind ${name}, ever`, value: [...codes].join(", ") });
    for (const code of codes) {
      const fault = await comparePast(facts, name, code);
      if (fault !== undefined) history.faults.push(`behind ${name} was once the code at ${code}, ${fault}`);
    }
  }
}

/** Nobody but the timelock ever owned an admin: whoever did gave a proxy any code without notice, and took it back. */
async function ownersOf(
  { provider, proxies, timelock, fromBlock, block }: SuiteFacts,
  history: History,
): Promise<void> {
  const topics = [ADMIN.getEvent("OwnershipTransferred")?.topicHash ?? ""];
  for (const { name, admin } of proxies) {
    const owners = new Set<string>();
    const query = { addresses: [admin], topics, from: fromBlock, to: block };
    for await (const logs of readLogs(provider, query, "forward")) {
      for (const log of logs) owners.add(String(ADMIN.parseLog(log)?.args.getValue("newOwner")));
    }
    owners.delete(timelock.address);
    for (const owner of owners) history.faults.push(`the admin of ${name} once belonged to ${owner}`);
  }
}

/** Code that an upgrade brought has the hash that was announced still: an address can get other code when the first is gone. */
async function hashesOf({ provider, timelock, fromBlock, block }: SuiteFacts, history: History): Promise<void> {
  const face = UpgradeTimelock__factory.createInterface();
  const topics = [face.getEvent("ProxyUpgraded").topicHash];
  const query = { addresses: [timelock.address], topics, from: fromBlock, to: block };
  for await (const logs of readLogs(provider, query, "forward")) {
    for (const log of logs) {
      const event = face.parseLog(log);
      const implementation = event?.args.getValue("implementation") as Hex;
      const then = String(event?.args.getValue("codeHash"));
      const now = keccak256(await codeOf(provider, implementation));
      if (then !== now) {
        history.faults.push(`the code at ${implementation} had hash ${then} when an upgrade brought it, now ${now}`);
      }
    }
  }
}

/** The timelock's storage was begun by this package's constructor: no role and no operation that its events do not tell. */
async function timelockOf(
  { provider, timelock, fromBlock, block }: SuiteFacts,
  history: History,
  found: string | undefined,
): Promise<void> {
  const { address } = timelock;
  if (found?.startsWith(UpgradeTimelock__factory.bytecode)) return;
  const topics = [UpgradeTimelock__factory.createInterface().getEvent("RoleGranted").topicHash];
  for await (const [log] of readLogs(
    provider,
    { addresses: [address], topics, from: fromBlock, to: block },
    "forward",
  )) {
    if (log === undefined) continue;
    const transaction = await ask("creation of the timelock", () => provider.getTransaction(log.transactionHash));
    const initCode = transaction === null ? undefined : creationIn(transaction, address);
    history.evidence.push({ what: "the timelock was created in", value: log.transactionHash });
    if (initCode === undefined) {
      history.unknown.push(`transaction ${log.transactionHash} does not show with which code the timelock was created`);
    } else if (!initCode.startsWith(UpgradeTimelock__factory.bytecode)) {
      history.faults.push(
        `the timelock ${address} was created by other code than this package's (${log.transactionHash})`,
      );
    }
    return;
  }
  history.faults.push(
    `no event tells who has a role of the timelock ${address}: its storage was not begun by this package's constructor`,
  );
}
