import { type Log, type Result } from "ethers";

import {
  IAvailabilityChallenge__factory,
  IDisputeGame__factory,
  IL1EscrowBridge__factory,
  IStateCommitmentChain__factory,
} from "../../typechain-types/index.js";
import { readHeader } from "../ledger/header.js";
import type { BatchHeader, Hex, InboxMessage } from "../types.js";
import type { L1Event } from "./types.js";

const bridge = IL1EscrowBridge__factory.createInterface();
const chain = IStateCommitmentChain__factory.createInterface();
const game = IDisputeGame__factory.createInterface();
const challenge = IAvailabilityChallenge__factory.createInterface();

/** Topics of the events that carry the suite's history. */
export const TOPICS = {
  deposit: bridge.getEvent("DepositEnqueued").topicHash,
  message: bridge.getEvent("MessageEnqueued").topicHash,
  claimed: bridge.getEvent("WithdrawalClaimed").topicHash,
  batch: chain.getEvent("BatchAppended").topicHash,
  finalized: chain.getEvent("BatchFinalized").topicHash,
  reverted: chain.getEvent("BatchesReverted").topicHash,
  gameOpened: game.getEvent("GameOpened").topicHash,
  claimMade: game.getEvent("ClaimMade").topicHash,
  claimStepped: game.getEvent("ClaimStepped").topicHash,
  claimResolved: game.getEvent("ClaimResolved").topicHash,
  gameResolved: game.getEvent("GameResolved").topicHash,
  creditPaid: game.getEvent("CreditPaid").topicHash,
  unavailable: game.getEvent("BatchUnavailable").topicHash,
  demanded: challenge.getEvent("ChunkDemanded").topicHash,
  answered: challenge.getEvent("ChunkAnswered").topicHash,
  demandClosed: challenge.getEvent("DemandClosed").topicHash,
} as const;

/** What a log of the suite says. */
export function decodeLog(log: Log): L1Event {
  switch (log.topics[0]) {
    case TOPICS.deposit:
    case TOPICS.message:
      return { kind: "message", message: decodeMessage(log) };
    case TOPICS.batch: {
      const fields = reader(chain.decodeEventLog("BatchAppended", log.data, log.topics));
      return {
        kind: "batch",
        header: headerOf(fields.struct("header")),
        headerHash: fields.hex("headerHash"),
        transaction: log.transactionHash as Hex,
      };
    }
    case TOPICS.finalized: {
      const fields = reader(chain.decodeEventLog("BatchFinalized", log.data, log.topics));
      return { kind: "finalized", index: fields.int("index"), headerHash: fields.hex("headerHash") };
    }
    case TOPICS.reverted: {
      const fields = reader(chain.decodeEventLog("BatchesReverted", log.data, log.topics));
      return { kind: "reverted", fromIndex: fields.int("fromIndex"), toIndex: fields.int("toIndex") };
    }
    case TOPICS.claimed: {
      const fields = reader(bridge.decodeEventLog("WithdrawalClaimed", log.data, log.topics));
      return { kind: "claimed", batchIndex: fields.int("batchIndex"), leafIndex: fields.int("leafIndex") };
    }
    case TOPICS.gameOpened: {
      const fields = reader(game.decodeEventLog("GameOpened", log.data, log.topics));
      return { kind: "gameOpened", headerHash: fields.hex("headerHash"), index: fields.int("batchIndex") };
    }
    case TOPICS.claimMade: {
      const fields = reader(game.decodeEventLog("ClaimMade", log.data, log.topics));
      const claim = fields.struct("claim");
      return {
        kind: "claimMade",
        id: fields.hex("id"),
        claimant: fields.hex("claimant"),
        claim: {
          parent: claim.hex("parent"),
          start: claim.hex("start"),
          index: Number(claim.int("index")),
          listHash: claim.hex("listHash"),
        },
        list: fields.hexes("list"),
      };
    }
    case TOPICS.claimStepped: {
      const fields = reader(game.decodeEventLog("ClaimStepped", log.data, log.topics));
      const [id, state, winner] = [fields.hex("id"), fields.hex("state"), fields.hex("winner")];
      return { kind: "claimStepped", id, index: Number(fields.int("index")), state, winner };
    }
    case TOPICS.claimResolved: {
      const fields = reader(game.decodeEventLog("ClaimResolved", log.data, log.topics));
      const [id, payee, amount] = [fields.hex("id"), fields.hex("payee"), fields.int("amount")];
      return { kind: "claimResolved", id, isRefuted: fields.flag("isRefuted"), payee, amount };
    }
    case TOPICS.gameResolved: {
      const fields = reader(game.decodeEventLog("GameResolved", log.data, log.topics));
      const [headerHash, winner] = [fields.hex("headerHash"), fields.hex("winner")];
      return { kind: "gameResolved", headerHash, index: fields.int("batchIndex"), winner };
    }
    case TOPICS.creditPaid: {
      const fields = reader(game.decodeEventLog("CreditPaid", log.data, log.topics));
      return { kind: "creditPaid", account: fields.hex("account"), to: fields.hex("to"), amount: fields.int("amount") };
    }
    case TOPICS.unavailable: {
      const fields = reader(game.decodeEventLog("BatchUnavailable", log.data, log.topics));
      const [headerHash, demandId] = [fields.hex("headerHash"), fields.hex("demandId")];
      return { kind: "batchUnavailable", headerHash, demandId, claimant: fields.hex("claimant") };
    }
    case TOPICS.demanded:
      return decodeDemand(log);
    case TOPICS.answered: {
      const fields = reader(challenge.decodeEventLog("ChunkAnswered", log.data, log.topics));
      return { kind: "chunkAnswered", id: fields.hex("demandId"), answerer: fields.hex("answerer") };
    }
    case TOPICS.demandClosed: {
      const fields = reader(challenge.decodeEventLog("DemandClosed", log.data, log.topics));
      return { kind: "demandClosed", id: fields.hex("demandId"), isUpheld: fields.flag("isUpheld") };
    }
    default:
      throw new Error(`log ${log.transactionHash}:${log.index} is no event of the suite`);
  }
}

function decodeDemand(log: Log): L1Event {
  const fields = reader(challenge.decodeEventLog("ChunkDemanded", log.data, log.topics));
  const chunk = fields.struct("chunk");
  return {
    kind: "chunkDemanded",
    id: fields.hex("demandId"),
    batchIndex: fields.int("batchIndex"),
    claimant: fields.hex("claimant"),
    chunk: {
      headerHash: chunk.hex("headerHash"),
      root: chunk.hex("root"),
      length: chunk.int("length"),
      index: Number(chunk.int("index")),
    },
    dataHash: fields.hex("dataHash"),
    answerBy: fields.int("answerBy"),
  };
}

function decodeMessage(log: Log): InboxMessage {
  const isDeposit = log.topics[0] === TOPICS.deposit;
  const event = isDeposit ? "DepositEnqueued" : "MessageEnqueued";
  const fields = reader(bridge.decodeEventLog(event, log.data, log.topics));
  return {
    kind: isDeposit ? 0 : messageKind(fields.int("kind")),
    index: fields.int("index"),
    timestamp: fields.int("timestamp"),
    sender: fields.hex("sender"),
    target: fields.hex("target"),
    token: fields.hex("token"),
    amount: fields.int("amount"),
    data: isDeposit ? "0x" : fields.hex("data"),
  };
}

function headerOf({ int, hex }: Reader): BatchHeader {
  return readHeader({ integer: int, address: hex, hash: hex });
}

function messageKind(value: bigint): 0 | 1 | 2 {
  if (value === 0n) return 0;
  if (value === 1n) return 1;
  if (value === 2n) return 2;
  throw new Error(`inbox message kind ${value} is unknown; 0, 1 and 2 are known`);
}

interface Reader {
  int: (name: string) => bigint;
  hex: (name: string) => Hex;
  hexes: (name: string) => Hex[];
  flag: (name: string) => boolean;
  struct: (name: string) => Reader;
}

/** Reads fields of a decoded event with the type that the ABI promises; ethers gives them untyped. */
function reader(result: Result): Reader {
  const value = (name: string): unknown => result.getValue(name);
  return {
    int(name) {
      const found = value(name);
      if (typeof found !== "bigint") throw new TypeError(`event field ${name} is not an integer`);
      return found;
    },
    hex: (name) => asHex(name, value(name)),
    hexes: (name) => (value(name) as Result).map((item: unknown) => asHex(name, item)),
    flag(name) {
      const found = value(name);
      if (typeof found !== "boolean") throw new TypeError(`event field ${name} is not a boolean`);
      return found;
    },
    struct(name) {
      return reader(value(name) as Result);
    },
  };
}

function asHex(name: string, found: unknown): Hex {
  if (typeof found !== "string" || !found.startsWith("0x")) throw new TypeError(`event field ${name} is not hex`);
  return found as Hex;
}
