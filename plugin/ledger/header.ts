import { type BatchHeader, type Hex, ZERO_ADDRESS, ZERO_HASH } from "../types.js";

/** The header with which a chain begins; docs/protocol.md §1. */
export function genesisHeader(timestamp: bigint, stateRoot: Hex): BatchHeader {
  return {
    index: 0n,
    timestamp,
    finalizesAt: timestamp,
    inboxFrom: 0n,
    inboxTo: 0n,
    l2BlockFrom: 0n,
    l2BlockTo: 0n,
    submitter: ZERO_ADDRESS,
    resolver: ZERO_ADDRESS,
    parentHash: ZERO_HASH,
    prevStateRoot: ZERO_HASH,
    stateRoot,
    withdrawalsRoot: ZERO_HASH,
    inboxAcc: ZERO_HASH,
    dataHash: ZERO_HASH,
  };
}

/** Gives the fields of a header by name, each in its type, or throws in its own words. */
export interface HeaderSource {
  integer: (name: string) => bigint;
  address: (name: string) => Hex;
  hash: (name: string) => Hex;
}

/** A header from wherever its fields stand: an event, an answer, a file. */
export function readHeader({ integer, address, hash }: HeaderSource): BatchHeader {
  return {
    index: integer("index"),
    timestamp: integer("timestamp"),
    finalizesAt: integer("finalizesAt"),
    inboxFrom: integer("inboxFrom"),
    inboxTo: integer("inboxTo"),
    l2BlockFrom: integer("l2BlockFrom"),
    l2BlockTo: integer("l2BlockTo"),
    submitter: address("submitter"),
    resolver: address("resolver"),
    parentHash: hash("parentHash"),
    prevStateRoot: hash("prevStateRoot"),
    stateRoot: hash("stateRoot"),
    withdrawalsRoot: hash("withdrawalsRoot"),
    inboxAcc: hash("inboxAcc"),
    dataHash: hash("dataHash"),
  };
}
