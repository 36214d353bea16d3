import { type Provider, ZeroHash } from "ethers";

import { type UpgradeTimelock, UpgradeTimelock__factory } from "../../typechain-types/index.js";
import { ask } from "../l1/ask.js";
import { readLogs } from "../l1/logs.js";
import type { Hex } from "../types.js";

/** What an announced upgrade does. */
export interface Upgrade {
  proxy: Hex;
  implementation: Hex;
  /** keccak256 of the code that `implementation` must have. */
  codeHash: Hex;
  /** Call through the proxy that follows; `0x` for none. */
  initData: Hex;
}

export interface Call {
  target: Hex;
  value: bigint;
  data: Hex;
  /** Where it is the upgrade of a proxy. */
  upgrade?: Upgrade;
}

/** `lapsed`: not executed in time, and must be announced anew. */
export type OperationState = "waiting" | "ready" | "lapsed" | "executed" | "cancelled";

/** An operation that was announced on the timelock; times in seconds. */
export interface Operation {
  id: Hex;
  calls: Call[];
  predecessor: Hex;
  salt: Hex;
  announcedAt: bigint;
  executableAt: bigint;
  /** From then on it cannot execute any more. */
  lapsesAt: bigint;
  state: OperationState;
}

const FACE = UpgradeTimelock__factory.createInterface();
const EVENTS = ["CallScheduled", "CallSalt", "CallExecuted", "Cancelled"] as const;

/** The call of an upgrade, as the timelock announces and executes it. */
export function upgradeCall({ proxy, implementation, codeHash, initData }: Upgrade): Hex {
  return FACE.encodeFunctionData("upgrade", [proxy, implementation, codeHash, initData]) as Hex;
}

/** Every operation that was ever announced, by L1 alone, oldest first; of one that was announced again, the last time. */
export async function readOperations(provider: Provider, timelock: Hex, fromBlock: bigint): Promise<Operation[]> {
  const contract = UpgradeTimelock__factory.connect(timelock, provider);
  const to = await ask("block number", () => provider.getBlockNumber());
  const [window, now] = await ask("the timelock", () =>
    Promise.all([contract.EXECUTION_WINDOW(), timeOf(provider, to)]),
  );
  const topics = [EVENTS.map((name) => FACE.getEvent(name).topicHash)];
  const found = new Map<Hex, Operation & { isOver?: "executed" | "cancelled" }>();
  const query = { addresses: [timelock], topics, from: Number(fromBlock), to };
  for await (const logs of readLogs(provider, query, "forward")) {
    for (const log of logs) {
      const event = FACE.parseLog(log);
      if (event === null) continue;
      const id = event.args.getValue("id") as Hex;
      const earlier = found.get(id);
      if (event.name === "CallScheduled") {
        const call = callOf(timelock, event.args.toObject() as { target: Hex; value: bigint; data: Hex });
        if ((event.args.getValue("index") as bigint) > 0n) {
          earlier?.calls.push(call);
          continue;
        }
        const announcedAt = await timeOf(provider, log.blockNumber);
        const executableAt = announcedAt + (event.args.getValue("delay") as bigint);
        const predecessor = event.args.getValue("predecessor") as Hex;
        const times = { announcedAt, executableAt, lapsesAt: executableAt + window };
        found.delete(id);
        found.set(id, { id, calls: [call], predecessor, salt: ZeroHash as Hex, ...times, state: "waiting" });
      } else if (earlier !== undefined) {
        if (event.name === "CallSalt") earlier.salt = event.args.getValue("salt") as Hex;
        else earlier.isOver = event.name === "Cancelled" ? "cancelled" : "executed";
      }
    }
  }
  return [...found.values()].map(({ isOver, ...operation }) => ({
    ...operation,
    state: isOver ?? stateAt(operation, now),
  }));
}

/** The members of the council who confirmed this announcement, in ascending order, as `executeAtOnce` takes them. */
export async function confirmers(
  timelock: UpgradeTimelock,
  operation: Operation,
  council: readonly Hex[],
): Promise<Hex[]> {
  const executableAt = await timelock.getTimestamp(operation.id);
  const confirmed = await Promise.all(
    council.map(async (member) => (await timelock.confirmedFor(operation.id, member)) === executableAt),
  );
  return council.filter((_, i) => confirmed[i]).toSorted((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1));
}

function callOf(timelock: Hex, { target, value, data }: { target: Hex; value: bigint; data: Hex }): Call {
  const call = { target, value, data };
  if (target !== timelock || !data.startsWith(FACE.getFunction("upgrade").selector)) return call;
  const decoded = FACE.decodeFunctionData("upgrade", data);
  const upgrade = decoded.toObject() as unknown as Upgrade;
  return {
    ...call,
    upgrade: {
      proxy: upgrade.proxy,
      implementation: upgrade.implementation,
      codeHash: upgrade.codeHash,
      initData: upgrade.initData,
    },
  };
}

function stateAt(
  { executableAt, lapsesAt }: Pick<Operation, "executableAt" | "lapsesAt">,
  now: bigint,
): OperationState {
  if (now < executableAt) return "waiting";
  return now < lapsesAt ? "ready" : "lapsed";
}

async function timeOf(provider: Provider, block: number): Promise<bigint> {
  const found = await ask(`block ${block}`, () => provider.getBlock(block));
  return BigInt(found?.timestamp ?? 0);
}
