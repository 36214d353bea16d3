import type { Log, Result } from "ethers";

import { IChannelAdjudicator__factory } from "../../typechain-types/index.js";
import type { Hex } from "../types.js";
import type { ChannelEvent } from "./types.js";

const adjudicator = IChannelAdjudicator__factory.createInterface();

type Place = Pick<ChannelEvent, "channelId" | "blockNumber" | "transaction">;
type Told = ChannelEvent extends infer Each ? (Each extends Place ? Omit<Each, keyof Place> : never) : never;
type Read = (fields: Fields) => Told;

const READERS = {
  Deposited: ({ hex, int }) => ({
    ...{ kind: "deposited", asset: hex("asset"), amount: int("amount"), deposited: int("deposited") },
  }),
  ChallengeRegistered: ({ hex, int }) => ({
    ...{ kind: "challenged", turnNum: int("turnNum"), finalizesAt: int("finalizesAt") },
    ...{ challenger: Number(int("challenger")), stateHash: hex("stateHash") },
  }),
  Moved: ({ hex, int, flag }) => ({
    ...{ kind: "moved", turnNum: int("turnNum"), stateHash: hex("stateHash"), isFinal: flag("isFinal") },
    ...{ appData: hex("appData"), outcome: hex("outcome") },
  }),
  ChallengeAnswered: ({ int }) => ({
    ...{ kind: "answered", turnNum: int("turnNum"), finalizesAt: int("finalizesAt") },
  }),
  Checkpointed: ({ hex, int }) => ({
    ...{ kind: "checkpointed", turnNum: int("turnNum") },
    signatures: (
      hex("signatures")
        .slice(2)
        .match(/.{128}/g) ?? []
    ).map((one): Hex => `0x${one}`),
  }),
  Concluded: ({ hex, int }) => ({ kind: "concluded", turnNum: int("turnNum"), stateHash: hex("stateHash") }),
  ArbitrationOpened: ({ int }) => ({ kind: "arbitrationOpened", turnNum: int("turnNum") }),
  ArbitrationClosed: ({ hex, int }) => ({
    ...{ kind: "arbitrationClosed", turnNum: int("turnNum"), finalizesAt: int("finalizesAt") },
    ...{ loser: Number(int("loser")), stateHash: hex("stateHash") },
  }),
  PaidOut: ({ hex, int }) => ({
    ...{ kind: "paidOut", asset: hex("asset"), destination: hex("destination") },
    ...{ amount: int("amount"), credited: int("credited") },
  }),
  Reclaimed: ({ hex, int }) => ({
    ...{ kind: "reclaimed", target: hex("target"), assetIndex: Number(int("assetIndex")) },
    ...{ allocationIndex: Number(int("allocationIndex")), left: int("left"), right: int("right") },
  }),
  BondPaid: ({ hex, flag }) => ({ kind: "bondPaid", to: hex("to"), isReward: flag("isReward") }),
  SessionKeyRegistered: ({ hex, int }) => ({
    ...{ kind: "sessionKey", participant: hex("participant"), key: hex("key"), expiry: int("expiry") },
  }),
} satisfies Record<string, Read>;

const BY_TOPIC = new Map(
  Object.entries(READERS).map(([name, read]: [string, Read]) => {
    const { topicHash } = adjudicator.getEvent(name as keyof typeof READERS);
    return [topicHash, { name: name as keyof typeof READERS, read }];
  }),
);

/** Topics of everything that the adjudicator tells of channels. */
export const CHANNEL_TOPICS: readonly string[] = [...BY_TOPIC.keys()];

/** What a log of the adjudicator says of a channel; addresses in lower case. */
export function decodeChannelEvent(log: Log): ChannelEvent {
  const found = BY_TOPIC.get(log.topics[0] ?? "");
  if (found === undefined) throw new RangeError(`${log.topics[0] ?? "a log without topics"} is no event of a channel`);
  const fields = fieldsOf(adjudicator.decodeEventLog(found.name, log.data, log.topics));
  return {
    channelId: fields.hex("channelId"),
    blockNumber: log.blockNumber,
    transaction: log.transactionHash as Hex,
    ...found.read(fields),
  };
}

interface Fields {
  int: (name: string) => bigint;
  hex: (name: string) => Hex;
  flag: (name: string) => boolean;
}

function fieldsOf(result: Result): Fields {
  return {
    int: (name) => BigInt(result.getValue(name) as bigint),
    hex: (name) => (result.getValue(name) as string).toLowerCase() as Hex,
    flag: (name) => Boolean(result.getValue(name)),
  };
}
