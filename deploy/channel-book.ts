import { readFile } from "node:fs/promises";

import type { ContractRecord } from "../plugin/types.js";
import { AddressBookError, isMissing, parseRecord, reader, toJson, writeFileAtomically } from "./address-book.js";
import { CHANNEL_CONTRACTS, type ChannelContractName } from "./channel-steps.js";

/** Where channels live on a network: what `channel:deploy` writes and everything about channels reads. */
export interface ChannelsDeployment {
  version: 1;
  network: string;
  l1ChainId: bigint;
  /** Bond of a challenge, in wei. */
  challengeBond: bigint;
  /** L1 block from which events are read. */
  fromBlock: bigint;
  contracts: Readonly<Record<ChannelContractName, ContractRecord>>;
}

/** The opposite of what `writeChannels` writes. @throws {AddressBookError} naming the first field that is wrong. */
export function parseChannels(text: string, path: string): ChannelsDeployment {
  const fail = (reason: string): never => {
    throw new AddressBookError(path, reason);
  };
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return fail("is not JSON; deploy again or restore the file");
  }
  const book = reader(json, "", fail);
  if (book.raw("version") !== 1)
    fail(`version is ${JSON.stringify(book.raw("version"))}; this release reads version 1`);
  const contracts = book.object("contracts");
  return {
    version: 1,
    network: book.text("network"),
    l1ChainId: book.bigint("l1ChainId"),
    challengeBond: book.bigint("challengeBond"),
    fromBlock: book.bigint("fromBlock"),
    contracts: Object.fromEntries(
      CHANNEL_CONTRACTS.map((name) => [name, parseRecord(contracts.object(name))]),
    ) as ChannelsDeployment["contracts"],
  };
}

/** @throws {AddressBookError} when there is no readable book at `path`. */
export async function readChannels(path: string): Promise<ChannelsDeployment> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if (isMissing(error))
      throw new AddressBookError(path, "there is no address book; run channel:deploy on this network first", true);
    throw new AddressBookError(path, `cannot be read (${(error as NodeJS.ErrnoException).code ?? String(error)})`);
  }
  return parseChannels(text, path);
}

export async function writeChannels(path: string, deployment: ChannelsDeployment): Promise<void> {
  await writeFileAtomically(path, toJson(deployment));
}
