import type { Provider } from "ethers";

import { decodeDaInput } from "../../plugin/da/input.js";
import { daInputOf } from "../../plugin/l1/batch-data.js";
import { fromHex } from "../../plugin/ledger/bytes.js";

/** Where the data of a batch are: the cheaper of calldata and blobs, or a committee's members unless too few signed. */
export type PlaceName = "calldata" | "blobs" | "committee" | "unknown";

/** Where the transaction that posted a batch says that its data are. */
export async function placeOf(provider: Provider | null, transaction: string): Promise<PlaceName> {
  const input = daInputOf(fromHex((await provider?.getTransaction(transaction))?.data ?? "0x"));
  return (input && decodeDaInput(input)?.form) ?? "unknown";
}
