import type { ContractRecord } from "../plugin/types.js";
import { parseBook, parseRecord, readBook, toJson, writeFileAtomically } from "./address-book.js";
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
  const { book } = parseBook(text, path);
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
  return parseChannels(await readBook(path, "channel:deploy"), path);
}

export async function writeChannels(path: string, deployment: ChannelsDeployment): Promise<void> {
  await writeFileAtomically(path, toJson(deployment));
}
