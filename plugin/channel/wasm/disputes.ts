import type { Log, Provider } from "ethers";

import { IWasmForceMoveApp__factory } from "../../../typechain-types/index.js";
import type { DisputeEvent } from "../../dispute/types.js";
import { ask, L1InconsistentError } from "../../l1/ask.js";
import { decodeLog, TOPICS } from "../../l1/decode.js";
import { readLogs } from "../../l1/logs.js";
import { headerHash as hashOf } from "../../ledger/hashes.js";
import type { BatchHeader, Hex } from "../../types.js";
import { channelStateOf, type ChannelMove, type ShownState } from "./move.js";

const app = IWasmForceMoveApp__factory.createInterface();
const [DISPUTED, JUDGED] = [app.getEvent("MoveDisputed").topicHash, app.getEvent("MoveJudged").topicHash];
const GAME_TOPICS = [TOPICS.claimMade, TOPICS.claimStepped, TOPICS.claimResolved, TOPICS.gameResolved];

/** How a dispute about a move ended. */
export type MoveVerdict = "valid" | "invalid" | "moot";
const VERDICTS: readonly MoveVerdict[] = ["valid", "invalid", "moot"];

/** A dispute about a move, as L1's events tell it. */
export interface MoveDispute {
  index: bigint;
  header: BatchHeader;
  headerHash: Hex;
  move: ChannelMove;
  /** What was claimed about it, in L1's order. */
  events: readonly DisputeEvent[];
  /** Undefined while it is under way. */
  verdict: MoveVerdict | undefined;
  /** L1 block in which it began. */
  block: number;
}

/** All disputes of an app that began in blocks `from` to `to`, the oldest first. */
export async function readDisputes(
  provider: Provider,
  addresses: { app: Hex; game: Hex },
  range: { from: number; to: number },
  signal?: AbortSignal,
): Promise<MoveDispute[]> {
  const query = { addresses: Object.values(addresses), topics: [[DISPUTED, JUDGED, ...GAME_TOPICS]], ...range };
  const found = new Map<Hex, MoveDispute & { events: DisputeEvent[] }>();
  /** Header hash by the id of a claim. */
  const gameOf = new Map<Hex, Hex>();
  const times = new Map<number, bigint>();

  async function timeOf({ blockNumber, blockHash }: Log): Promise<bigint> {
    const known = times.get(blockNumber);
    if (known !== undefined) return known;
    const block = await ask(`block ${blockNumber}`, () => provider.getBlock(blockNumber), { signal });
    if (block?.hash !== blockHash) throw new L1InconsistentError(`block ${blockNumber} was replaced while it was read`);
    times.set(blockNumber, BigInt(block.timestamp));
    return BigInt(block.timestamp);
  }

  async function add(log: Log): Promise<void> {
    if (log.topics[0] === DISPUTED) {
      const dispute = decodeDispute(log);
      found.set(dispute.headerHash, dispute);
      return;
    }
    if (log.topics[0] === JUDGED) {
      const { index, verdict } = app.decodeEventLog("MoveJudged", log.data, log.topics).toObject() as JudgedEvent;
      for (const dispute of found.values()) {
        if (dispute.index === index) dispute.verdict = VERDICTS[Number(verdict)];
      }
      return;
    }
    const event = decodeLog(log);
    switch (event.kind) {
      case "claimMade": {
        const headerHash = gameOf.get(event.claim.parent) ?? event.claim.parent;
        gameOf.set(event.id, headerHash);
        found.get(headerHash)?.events.push({ ...event, timestamp: await timeOf(log) });
        return;
      }
      case "claimStepped":
      case "claimResolved":
        found.get(gameOf.get(event.id) ?? event.id)?.events.push(event);
        return;
      case "gameResolved":
        found.get(event.headerHash)?.events.push(event);
    }
  }

  for await (const logs of readLogs(provider, query, "forward", { signal })) for (const log of logs) await add(log);
  return [...found.values()];
}

interface JudgedEvent {
  index: bigint;
  verdict: bigint;
}

interface DisputedEvent {
  index: bigint;
  channelId: Hex;
  header: BatchHeader;
  params: { participants: Hex[]; challengeDuration: bigint } & Omit<
    ChannelMove["params"],
    "participants" | "challengeDuration"
  >;
  base: ShownState;
  candidate: ShownState;
}

function decodeDispute(log: Log): MoveDispute & { events: DisputeEvent[] } {
  const decoded = app.decodeEventLog("MoveDisputed", log.data, log.topics).toObject(true) as DisputedEvent;
  const { index, channelId, header, base, candidate } = decoded;
  const params = { ...decoded.params, challengeDuration: Number(decoded.params.challengeDuration) };
  const move = { channelId, params, base, candidate };
  const block = log.blockNumber;
  return { index, header, headerHash: hashOf(header), move, events: [], verdict: undefined, block };
}

/** What the transaction that has a move judged calls. */
export function disputeCall({ params, base, candidate }: ChannelMove): Hex {
  return app.encodeFunctionData("dispute", [
    { ...params, participants: [...params.participants] },
    base,
    candidate,
  ]) as Hex;
}

/** What the transaction that ends a dispute calls. */
export function settleCall({ header, move }: MoveDispute, isInvalid: boolean): Hex {
  const { params, base, candidate } = move;
  const state = channelStateOf(isInvalid ? base : candidate);
  return app.encodeFunctionData("settle", [
    header,
    { ...params, participants: [...params.participants] },
    state,
  ]) as Hex;
}
