import type { BrowserProvider } from "ethers";
import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";
import type { NetworkConnection } from "hardhat/types/network";

import { createL2 } from "../../plugin/hardhat/l2.js";
import type { Send } from "../../plugin/hardhat/rollup-rpc.js";
import type { RollupL2 } from "../../plugin/hardhat/types.js";
import type { L1Client } from "../../plugin/l1/client.js";
import { RpcError } from "../../plugin/sequencer/errors.js";
import type { Request } from "../../plugin/sequencer/rpc/dispatch.js";
import type { Json } from "../../plugin/sequencer/rpc/format.js";
import type { Hex } from "../../plugin/types.js";
import { ArgumentError, type RollupArguments } from "./action.js";
import { openL1 } from "./network.js";

export const DEFAULT_RPC_PORT = 8546;
const DEFAULT_RPC = `http://127.0.0.1:${DEFAULT_RPC_PORT}`;
const TIMEOUT_MS = 30_000;

/** Nothing answers where the sequencer should. */
export class SequencerUnavailableError extends Error {
  constructor(
    readonly url: string,
    readonly reason: string,
    options?: ErrorOptions,
  ) {
    super(
      `no sequencer answers at ${url} (${reason}); start it with rollup:sequencer or rollup:node, or name it by --rpc`,
      options,
    );
    this.name = "SequencerUnavailableError";
  }
}

/** JSON-RPC over HTTP. */
export function httpRequest(url: string): Request {
  let id = 0;
  return async ({ method, params = [] }) => {
    let answer: unknown;
    try {
      const response = await fetch(url, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ jsonrpc: "2.0", id: ++id, method, params }),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      answer = await response.json();
    } catch (error) {
      throw new SequencerUnavailableError(url, reasonOf(error), { cause: error });
    }
    const { result, error } = answer as { result?: Json; error?: { code: number; message: string; data?: unknown } };
    if (error !== undefined) throw new RpcError(error.code, error.message, error.data);
    if (result === undefined) throw new SequencerUnavailableError(url, "it speaks no JSON-RPC");
    return result;
  };
}

function reasonOf(error: unknown): string {
  const { cause, message } = error as { cause?: { code?: string; message?: string }; message?: string };
  return cause?.code ?? cause?.message ?? message ?? "no answer";
}

/** A rollup on L1 and the sequencer's JSON-RPC, for the account that a task acts for. */
export interface RemoteRollup {
  connection: NetworkConnection;
  l1: L1Client;
  address: Hex;
  l2: RollupL2;
  send: Send;
}

/** @throws {SequencerUnavailableError | ArgumentError} when nothing answers, or it is the sequencer of another rollup. */
export async function openRollup(
  hre: HardhatRuntimeEnvironment,
  input: RollupArguments & { from?: string | undefined },
): Promise<RemoteRollup> {
  const url = rpcUrl(input.rpc);
  const { connection, l1, address } = await openL1(hre, input);
  const request = httpRequest(url);
  const { deployment } = l1;
  const { l2ChainId } = deployment.parameters;
  const answered = await request({ method: "eth_chainId" });
  if (typeof answered !== "string" || BigInt(answered) !== l2ChainId) {
    throw new ArgumentError("rpc", `${url} is of chain ${JSON.stringify(answered)}, the rollup is chain ${l2ChainId}`);
  }
  const l2 = createL2(connection, deployment, request);
  return { connection, l1, address, l2, send: sender(l2.provider) };
}

function sender(provider: BrowserProvider): Send {
  return (method, params) => provider.send(method, params) as Promise<unknown>;
}

export function rpcUrl(given: string | undefined): string {
  const url = given ?? DEFAULT_RPC;
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw new ArgumentError("rpc", `--rpc ${url} is no URL, for example --rpc ${DEFAULT_RPC}`);
  }
  return url;
}
