import { AbiCoder, TypedDataEncoder, type TypedDataDomain } from "ethers";

import { abiWords, concat, fromHex, toHex } from "../ledger/bytes.js";
import { keccak256 } from "../machine/keccak.js";
import type { Hex } from "../types.js";
import type { ChannelDomain, ChannelParams, ChannelState } from "./types.js";

const coder = AbiCoder.defaultAbiCoder();
const PARAMS =
  "tuple(address[] participants, uint64 channelNonce, address appDefinition, uint32 challengeDuration, bytes32 appParamsHash)";

/** EIP-712 types of everything that is signed about channels, each for one purpose. */
export const CHANNEL_TYPES = {
  State: [
    { name: "channelId", type: "bytes32" },
    { name: "turnNum", type: "uint64" },
    { name: "isFinal", type: "bool" },
    { name: "appDataHash", type: "bytes32" },
    { name: "outcomeHash", type: "bytes32" },
  ],
  Challenge: [
    { name: "channelId", type: "bytes32" },
    { name: "turnNum", type: "uint64" },
    { name: "stateHash", type: "bytes32" },
  ],
  Withdrawal: [
    { name: "channelId", type: "bytes32" },
    { name: "asset", type: "address" },
    { name: "destination", type: "bytes32" },
    { name: "total", type: "uint256" },
  ],
  SessionKey: [
    { name: "channelId", type: "bytes32" },
    { name: "participant", type: "address" },
    { name: "key", type: "address" },
    { name: "expiry", type: "uint64" },
  ],
  Message: [
    { name: "channelId", type: "bytes32" },
    { name: "bodyHash", type: "bytes32" },
  ],
};

/** EIP-712 domain of everything that the adjudicator checks. */
export function channelDomain({ l1ChainId, adjudicator }: ChannelDomain): TypedDataDomain {
  return { name: "hardhat-rollup channels", version: "1", chainId: l1ChainId, verifyingContract: adjudicator };
}

/** Id of a channel at an adjudicator; docs/channels.md §1. */
export function channelIdOf({ l1ChainId, adjudicator }: ChannelDomain, params: ChannelParams): Hex {
  const encoded = coder.encode(["uint256", "address", PARAMS], [l1ChainId, adjudicator, params]) as Hex;
  return toHex(keccak256(fromHex(encoded)));
}

/** keccak256 of bytes in hex. */
export function hashOf(bytes: Hex): Hex {
  return toHex(keccak256(fromHex(bytes)));
}

const STATE_TYPEHASH = keccak256(
  Buffer.from("State(bytes32 channelId,uint64 turnNum,bool isFinal,bytes32 appDataHash,bytes32 outcomeHash)"),
);

const MESSAGE_TYPEHASH = keccak256(Buffer.from("Message(bytes32 channelId,bytes32 bodyHash)"));

/** EIP-712 struct hash of a state. Written out, because a channel hashes thousands a second. */
export function stateHash(channelId: Hex, { turnNum, isFinal, appDataHash, outcomeHash }: ChannelState): Hex {
  return toHex(keccak256(abiWords(STATE_TYPEHASH, channelId, turnNum, isFinal ? 1n : 0n, appDataHash, outcomeHash)));
}

/** EIP-712 digests of one adjudicator. */
export interface ChannelDigests {
  state(channelId: Hex, state: ChannelState): Uint8Array;
  challenge(channelId: Hex, state: ChannelState): Uint8Array;
  withdrawal(channelId: Hex, withdrawal: { asset: Hex; destination: Hex; total: bigint }): Uint8Array;
  sessionKey(channelId: Hex, session: { participant: Hex; key: Hex; expiry: bigint }): Uint8Array;
  /** Of a message to the other participants, which L1 never looks at. */
  message(channelId: Hex, body: Uint8Array): Uint8Array;
  /** Of the state that has this struct hash. */
  ofStateHash(hash: Hex): Uint8Array;
}

export function channelDigests(domain: ChannelDomain): ChannelDigests {
  const typed = channelDomain(domain);
  const prefix = concat(Uint8Array.of(0x19, 0x01), fromHex(TypedDataEncoder.hashDomain(typed), 32));
  const digest = (type: "Challenge" | "Withdrawal" | "SessionKey", value: Record<string, unknown>) =>
    fromHex(TypedDataEncoder.hash(typed, { [type]: CHANNEL_TYPES[type] }, value), 32);
  return {
    state: (channelId, state) => keccak256(concat(prefix, fromHex(stateHash(channelId, state), 32))),
    ofStateHash: (hash) => keccak256(concat(prefix, fromHex(hash, 32))),
    message: (channelId, body) =>
      keccak256(concat(prefix, keccak256(abiWords(MESSAGE_TYPEHASH, channelId, keccak256(body))))),
    challenge: (channelId, state) =>
      digest("Challenge", { channelId, turnNum: state.turnNum, stateHash: stateHash(channelId, state) }),
    withdrawal: (channelId, withdrawal) => digest("Withdrawal", { channelId, ...withdrawal }),
    sessionKey: (channelId, session) => digest("SessionKey", { channelId, ...session }),
  };
}
