import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { ZeroHash } from "ethers";
import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";

import { readProxySlots } from "../../deploy/slots.js";
import { moveClock } from "../../plugin/hardhat/clock.js";
import type { Claimed } from "../../plugin/l1/actions.js";
import { decodeRevert, time } from "../../plugin/l1/errors.js";
import { readRoles } from "../../plugin/l1/roles.js";
import type { Hex, InboxMessage } from "../../plugin/types.js";
import { exitTermsOf } from "../../plugin/upgrade/exit.js";
import { readOperations } from "../../plugin/upgrade/operations.js";
import { UpgradeTimelock__factory } from "../../typechain-types/index.js";
import { ETH } from "../demo/books.js";
import { explain } from "../support/explain.js";
import { impersonate } from "../support/fork.js";
import { execute } from "../upgrade/decide.js";
import { knownCode } from "../upgrade/known.js";
import { pick, type Upgrades } from "../upgrade/open.js";
import { announce } from "../upgrade/propose.js";
import type { UpgradeArguments } from "../upgrade.js";
import { balanceOn } from "./erc20.js";
import { sealAll } from "./l2.js";
import type { StepLog } from "./script.js";
import { type Actor, lackOf, type Stage, timeOf } from "./stage.js";
import { compareL2, deposited } from "./withdrawals.js";

const PROXY = "L1EscrowBridge";
const DAY = 86_400n;
const GAS_MONEY = 100n * 10n ** 18n;

/** Transactions of an upgrade. */
export interface Upgraded {
  announced: Hex;
  executed: Hex;
  /** Of somebody who left before. */
  asked: Hex;
  left: Hex;
  /** How long leaving takes at most, and how long notice is, in seconds. */
  exitTime: bigint;
  delay: bigint;
}

/**
 * The bridge gets code with a longer cooldown of pauses: announced by whoever the parameters name, refused before its time,
 * left by carol, executed when its time has come.
 */
export async function upgradeBridge(stage: Stage, hre: HardhatRuntimeEnvironment, log: StepLog): Promise<Upgraded> {
  const { connection, chain, output } = stage;
  const { deployment } = chain;
  const { provider } = connection.ethers;
  const timelockAddress = deployment.contracts.UpgradeTimelock.address;
  const roles = await readRoles(UpgradeTimelock__factory.connect(timelockAddress, provider));
  const [account] = roles.proposers.filter((each) => roles.executors.includes(each));
  if (account === undefined) throw new Error("nobody may both announce an upgrade and execute it");
  const signer = await impersonate(connection, account, GAS_MONEY);
  const timelock = UpgradeTimelock__factory.connect(timelockAddress, signer);
  const upgrades: Upgrades = {
    ...{ l1: stage.l1(signer), connection, account, timelock, known: knownCode(hre, undefined), bookPath: "" },
    operations: () => readOperations(provider, timelockAddress, deployment.fromBlock),
  };
  const context = { hre, output };
  const terms = await exitTermsOf(provider, timelockAddress);
  const proxy = deployment.contracts[PROXY].address;
  const cooldown = deployment.parameters.pauseCooldown + DAY;

  const announced = (await withFile(JSON.stringify({ pauseCooldown: cooldown.toString() }), (path) =>
    announce(upgradeArguments({ what: "propose", proxy: PROXY, arguments: path }), upgrades, context),
  )) as { transaction: Hex; id: Hex; implementation: Hex; executableAt: bigint };
  log.say(`${account} announced new code for ${PROXY}; it can be executed from ${time(announced.executableAt)} on.`);

  const early = await refusalOf(upgrades, announced.id);
  log.compare({
    what: "Executing before its time is refused",
    ...{ actual: early !== undefined, expected: true, transaction: announced.transaction },
    meaning: "An upgrade takes effect before users had their notice.",
  });
  log.say(`Executed at once it is refused: ${early ?? "it is not"}`);

  const { asked, left } = await leaveBefore(stage, announced.executableAt, log);

  await moveClock(connection, announced.executableAt);
  const done = (await execute(upgradeArguments({ what: "execute", id: announced.id }), upgrades, context)) as {
    transaction: Hex;
  };
  log.compare({
    what: `Code behind ${PROXY}`,
    actual: (await readProxySlots(provider, proxy)).implementation,
    ...{ expected: announced.implementation, transaction: done.transaction },
    meaning: "The upgrade that was executed is not the one that was announced.",
  });
  await goOn(stage, log);
  return {
    ...{ announced: announced.transaction, executed: done.transaction, asked, left },
    ...{ exitTime: terms.exitTime, delay: terms.minimumDelay },
  };
}

/** Carol asks for everything on L1, past the sequencer, and has it before the upgrade. */
async function leaveBefore(stage: Stage, executableAt: bigint, log: StepLog): Promise<{ asked: Hex; left: Hex }> {
  const { chain, people, books, connection } = stage;
  const { carol } = people;
  const { provider } = connection.ethers;
  const forced = [];
  for (const token of deposited(stage)) {
    const amount = books.balance(token.address, carol.address);
    if (amount === 0n) continue;
    const isEth = token.address === ETH;
    const { message, transaction } = await chain.forceWithdrawal(carol, {
      amount: "all",
      ...(isEth ? {} : { token: token.address }),
    });
    forced.push({ token, amount, message, transaction });
  }
  await sealAll(chain);
  await chain.finalize();
  let left: Hex | undefined;
  for (const { token, amount, message } of forced) {
    const before = await balanceOn(provider, token.address, carol.address);
    // Whatever comes of the claim, it is on L2 no more.
    books.subtract(token.address, carol.address, amount);
    const claimed = await claimForced(stage, { token, amount, message }, log);
    if (claimed === undefined) continue;
    const received = (await balanceOn(provider, token.address, carol.address)) - before;
    left = claimed.transaction;
    if (claimed.credited > 0n) stage.creditors.add(carol.address as Hex);
    if (token.takesFee) continue;
    log.compare({
      what: `${token.symbol} that carol got, who dislikes the upgrade`,
      ...{ actual: received, expected: amount, transaction: claimed.transaction, token: token.address },
      severity: lackOf(token, amount - received),
      meaning: "Somebody who left before the upgrade got less than was on L2: the token keeps a fee, or does not pay.",
    });
  }
  const [first] = forced;
  if (first === undefined || left === undefined) throw new Error("carol has nothing on L2 to leave with");
  const at = await timeOf(stage, left);
  log.compare({
    what: "Everything was out before the upgrade could execute",
    ...{ actual: at < executableAt, expected: true, transaction: left },
    meaning: "The notice is shorter than leaving takes.",
  });
  log.say(`Carol left with everything by ${time(at)}, ${(executableAt - at) / DAY} days before.`);
  return { asked: first.transaction, left };
}

async function claimForced(
  { chain, people, unclaimed }: Stage,
  { token, amount, message }: { token: Actor; amount: bigint; message: InboxMessage },
  log: StepLog,
): Promise<Claimed | undefined> {
  try {
    return await chain.claim({ message }, people.payer);
  } catch (error) {
    unclaimed.push({ token, amount });
    token.isOdd = true;
    log.find({
      severity: token.address === ETH ? "essential" : "note",
      what: `Carol cannot claim her ${token.symbol} before the upgrade`,
      meaning: "The token does not let the bridge pay as it should. The claim stays open, after the upgrade as well.",
      ...{ error: explain(error).join("; "), token: token.address },
    });
    return undefined;
  }
}

/** Deposits, blocks and batches go on as before. */
async function goOn(stage: Stage, log: StepLog): Promise<void> {
  const { chain, people, books } = stage;
  const amount = 10n ** 17n;
  const { message } = await chain.deposit(people.alice, { amount });
  await sealAll(chain);
  books.add(ETH, people.alice.address, message.amount);
  await chain.finalize();
  const { agreed, batches } = await chain.validator.run({ watch: false });
  log.compare({
    what: "Batches that the validator agrees with after the upgrade",
    ...{ actual: agreed, expected: batches },
    meaning: "The chain does not go on as it was.",
  });
  await compareL2(stage, log);
}

/** What L1 says to an execution now; undefined when it would go through. */
async function refusalOf(upgrades: Upgrades, id: Hex): Promise<string | undefined> {
  const { calls, predecessor = ZeroHash, salt } = pick(await upgrades.operations(), id);
  const [first] = calls;
  if (first === undefined) throw new Error(`operation ${id} has no calls`);
  try {
    await upgrades.timelock.execute.staticCall(first.target, first.value, first.data, predecessor, salt);
    return undefined;
  } catch (error) {
    const revert = decodeRevert(error);
    if (revert === undefined) throw error;
    return revert.line;
  }
}

function upgradeArguments(given: Partial<UpgradeArguments>): UpgradeArguments {
  const none = { deployment: undefined, from: undefined, id: undefined, proxy: undefined, contract: undefined };
  const more = { implementation: undefined, arguments: undefined, call: undefined, delay: undefined };
  return { ...none, ...more, evidence: undefined, dryRun: false, json: false, what: "show", ...given };
}

async function withFile<T>(text: string, use: (path: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "rollup-rehearse-"));
  try {
    const path = join(folder, "arguments.json");
    await writeFile(path, text);
    return await use(path);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
