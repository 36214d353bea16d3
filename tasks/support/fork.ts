import { createHardhatRuntimeEnvironment } from "hardhat/hre";
import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";
import type { NetworkConnection } from "hardhat/types/network";

import type { Hex } from "../../plugin/types.js";
import { isInProcess } from "./network.js";

/** A chain in this process that goes on where another stands. Nothing that happens on it reaches that one. */
export interface Fork {
  connection: NetworkConnection;
  /** The block of the other chain after which it goes on. */
  origin: ForkOrigin;
  close(): Promise<void>;
}

export interface ForkOrigin {
  chainId: bigint;
  number: number;
  hash: Hex;
  /** In seconds. */
  timestamp: bigint;
  /** Wei. */
  baseFee: bigint;
}

export interface ForkOptions {
  /** Under which id it runs. Default: that of the chain it is a fork of. */
  chainId?: bigint | undefined;
  /** Block to go on after. Default: the last one. */
  block?: number | undefined;
  headers?: Readonly<Record<string, string>> | undefined;
  signal?: AbortSignal | undefined;
}

/** There is no chain to fork behind a URL. */
export class ForkError extends Error {
  override readonly name = "ForkError";
  constructor(
    readonly url: string,
    readonly reason: string,
    options?: ErrorOptions,
  ) {
    super(`${placeOf(url)} cannot be forked: ${reason.replaceAll(url, placeOf(url))}`, options);
  }
}

/** Without the rest, which may be a key. */
function placeOf(url: string): string {
  return URL.canParse(url) && new URL(url).origin !== "null" ? new URL(url).origin : url;
}

const NETWORK = "fork";
/** EDR's latest: what a fork executes by, and its transactions are limited by. */
const HARDFORK = "osaka";
const ANSWER_MS = 20_000;

/**
 * Forks the chain behind `url`. The clock, balances and whose account signs are free to choose there.
 * @throws {ForkError}
 */
export async function forkFrom(
  hre: HardhatRuntimeEnvironment,
  url: string,
  { chainId, block, headers, signal }: ForkOptions = {},
): Promise<Fork> {
  const origin = await originOf(url, { block, headers, signal });
  const environment = await environmentOf(hre, [chainId ?? origin.chainId, origin.chainId], {
    url,
    blockNumber: origin.number,
    ...(headers === undefined ? {} : { httpHeaders: { ...headers } }),
  });
  try {
    const connection = await environment.network.create(NETWORK);
    return { connection, origin, close: () => connection.close() };
  } catch (error) {
    throw new ForkError(url, firstLine(error), { cause: error });
  }
}

/**
 * Runs `use` on a copy of `connection`'s chain: a fork where it is behind a URL; the chain itself where it lives in this
 * process, which is as it was afterwards.
 */
export async function onCopy<T>(
  hre: HardhatRuntimeEnvironment,
  connection: NetworkConnection,
  use: (copy: NetworkConnection) => Promise<T>,
): Promise<T> {
  const { networkConfig, provider } = connection;
  if (networkConfig.type === "http") {
    const fork = await forkFrom(hre, await networkConfig.url.getUrl(), { headers: networkConfig.httpHeaders });
    try {
      return await use(fork.connection);
    } finally {
      await fork.close();
    }
  }
  if (!isInProcess(connection)) throw new ForkError(connection.networkName, "it is neither http nor edr-simulated");
  const snapshot: unknown = await provider.request({ method: "evm_snapshot", params: [] });
  try {
    return await use(connection);
  } finally {
    await provider.request({ method: "evm_revert", params: [snapshot] });
  }
}

/** An account of the copy that signs although its key is elsewhere, with `balance` wei at least. */
export async function impersonate(copy: NetworkConnection, account: string, balance = 0n) {
  if ((await copy.ethers.provider.getBalance(account)) < balance) await setBalance(copy, account, balance);
  return copy.ethers.getImpersonatedSigner(account);
}

/** @param balance Wei. */
export async function setBalance(copy: NetworkConnection, account: string, balance: bigint): Promise<void> {
  await copy.provider.request({ method: "hardhat_setBalance", params: [account, `0x${balance.toString(16)}`] });
}

interface Source {
  url: string;
  blockNumber: number;
  httpHeaders?: Record<string, string>;
}

/**
 * The project once more, with a network that is the fork. A copy, because hardforks are configured by chain id and for all
 * networks: what Hardhat knows of the history of chain 1 is wrong for a development node that plays chain 1, and of most
 * chains it knows nothing, and refuses calls at the block of the fork.
 */
function environmentOf(
  { userConfig, config }: HardhatRuntimeEnvironment,
  [id, originId]: readonly [bigint, bigint],
  forking: Source,
): Promise<HardhatRuntimeEnvironment> {
  const descriptor = {
    name: NETWORK,
    chainType: "l1" as const,
    hardforkHistory: { [HARDFORK]: { blockNumber: 0 } },
  };
  return createHardhatRuntimeEnvironment(
    {
      ...userConfig,
      networks: {
        ...userConfig.networks,
        [NETWORK]: { type: "edr-simulated", chainType: "l1", chainId: Number(id), forking },
      },
      chainDescriptors: {
        ...userConfig.chainDescriptors,
        [Number(id)]: descriptor,
        [Number(originId)]: descriptor,
      },
    },
    {},
    config.paths.root,
  );
}

interface Block {
  number: string;
  hash: Hex;
  timestamp: string;
  baseFeePerGas?: string;
}

async function originOf(url: string, { block, headers, signal }: ForkOptions): Promise<ForkOrigin> {
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw new ForkError(url, "it is no URL of http, for example http://127.0.0.1:8545");
  }
  const ask = asking(url, { headers, signal });
  const chainId = await ask("eth_chainId", []);
  if (typeof chainId !== "string" || !/^0x[0-9a-f]+$/i.test(chainId)) throw new ForkError(url, "it speaks no JSON-RPC");
  const tag = block === undefined ? "latest" : `0x${block.toString(16)}`;
  const head = (await ask("eth_getBlockByNumber", [tag, false])) as Block | null;
  if (head === null) throw new ForkError(url, `it has no block ${block}`);
  return {
    chainId: BigInt(chainId),
    number: Number(head.number),
    hash: head.hash,
    timestamp: BigInt(head.timestamp),
    baseFee: BigInt(head.baseFeePerGas ?? 0),
  };
}

function asking(url: string, { headers, signal }: Omit<ForkOptions, "block" | "chainId">) {
  return async (method: string, params: unknown[]): Promise<unknown> => {
    const late = AbortSignal.timeout(ANSWER_MS);
    let answer: { result?: unknown; error?: { message?: string } } | null;
    try {
      const response = await fetch(url, {
        method: "POST",
        headers: { ...headers, "content-type": "application/json" },
        body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
        signal: signal === undefined ? late : AbortSignal.any([late, signal]),
      });
      const text = await response.text();
      if (!response.ok && !text.startsWith("{"))
        throw new Error(`it answers ${response.status} ${response.statusText}`);
      answer = JSON.parse(text) as typeof answer;
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof SyntaxError) throw new ForkError(url, "it speaks no JSON-RPC", { cause: error });
      const { cause } = error as { cause?: { code?: string; message?: string } };
      const why = late.aborted ? `no answer within ${ANSWER_MS / 1000} s` : (cause?.code ?? cause?.message);
      throw new ForkError(url, why ?? firstLine(error), { cause: error });
    }
    if (answer?.error !== undefined) throw new ForkError(url, `${method}: ${answer.error.message ?? "refused"}`);
    return answer?.result;
  };
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split("\n", 1)[0] ?? "";
}
