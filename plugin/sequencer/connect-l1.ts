import { AbiCoder, type Provider } from "ethers";

import { ask } from "../l1/ask.js";
import type { L1Client } from "../l1/client.js";
import { createFollower } from "../l1/follower.js";
import { createBatchPoster } from "../l1/poster.js";
import { createSender, type SenderOptions } from "../l1/sender.js";
import { createSource } from "../l1/source.js";
import { functionSelector } from "../ledger/erc20.js";
import type { Hex } from "../types.js";
import type { SequencerL1 } from "./options.js";
import type { TokenMetadata } from "./rpc/context.js";

export interface ConnectL1Options extends Omit<SenderOptions, "provider" | "signer" | "journal" | "confirmations"> {
  /** Blocks on top of an L1 block before the sequencer acts on it; default 0. */
  confirmations?: number;
}

/**
 * Connects a sequencer to a deployed suite.
 * @param client With the sequencer's signer, whose account should send nothing else.
 */
export function sequencerL1(client: L1Client, options: ConnectL1Options = {}): SequencerL1 {
  const { provider, signer, deployment } = client;
  const { confirmations, ...senderOptions } = options;
  const source = createSource(client);
  return {
    follow: (cursor) => createFollower({ source, fromBlock: Number(deployment.fromBlock), confirmations, cursor }),
    batchData: (header, signal) => client.batchData(header, signal),
    async poster(journal) {
      if (signer === undefined) throw new TypeError("a sequencer needs an L1 client with a signer, to post batches");
      const sender = await createSender({ provider, signer, journal, ...senderOptions });
      return createBatchPoster({ client, sender });
    },
    tokenMetadata: (token) => readTokenMetadata(provider, token, client.addresses.bridge),
  };
}

/** What an ERC-20 on L1 says of itself; its supply on L2 is what the bridge holds. undefined when there is no contract. */
export async function readTokenMetadata(
  provider: Provider,
  token: Hex,
  bridge: Hex,
): Promise<TokenMetadata | undefined> {
  if ((await ask(`code of ${token}`, () => provider.getCode(token))) === "0x") return undefined;
  const call = async (signature: string, argument = ""): Promise<string | undefined> => {
    const data = `${functionSelector(signature)}${argument}`;
    // A view that reverts is one that the token does not have.
    return ask(`${signature} of ${token}`, () => provider.call({ to: token, data })).catch((error: unknown) => {
      if (isRevert(error)) return undefined;
      throw error;
    });
  };
  const [name, symbol, decimals, held] = await Promise.all([
    call("name()").then(text),
    call("symbol()").then(text),
    call("decimals()").then(integer),
    call("balanceOf(address)", bridge.slice(2).padStart(64, "0")).then(integer),
  ]);
  return {
    ...(name === undefined ? {} : { name }),
    ...(symbol === undefined ? {} : { symbol }),
    ...(decimals === undefined ? {} : { decimals: Number(decimals) }),
    ...(held === undefined ? {} : { totalSupply: held }),
  };
}

function isRevert(error: unknown): boolean {
  return typeof error === "object" && error !== null && "code" in error && error.code === "CALL_EXCEPTION";
}

/** A string, or the bytes32 that some old tokens answer instead. */
function text(answer: string | undefined): string | undefined {
  if (answer === undefined || answer === "0x") return undefined;
  if (answer.length === 66) return Buffer.from(answer.slice(2), "hex").toString("utf8").replace(/\0+$/, "");
  try {
    return AbiCoder.defaultAbiCoder().decode(["string"], answer)[0] as string;
  } catch {
    return undefined; // neither: as if it had none
  }
}

function integer(answer: string | undefined): bigint | undefined {
  return answer?.length === 66 ? BigInt(answer) : undefined;
}
