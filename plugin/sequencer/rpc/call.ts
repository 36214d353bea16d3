import { abiWords, concat, toBytes, toHex } from "../../ledger/bytes.js";
import { ERC20_SELECTORS, functionSelector } from "../../ledger/erc20.js";
import { ZERO_ADDRESS, type Hex } from "../../types.js";
import type { SimulatedCall } from "../block-executor.js";
import { RPC_CODES, RpcError, TransactionRefusedError } from "../errors.js";
import type { L2Block } from "../records.js";
import type { RpcContext, TokenMetadata } from "./context.js";
import { address, bytes, fields, optional, quantity } from "./params.js";

const METADATA_SELECTORS: Record<Hex, (metadata: TokenMetadata) => Uint8Array | undefined> = {
  [functionSelector("name()")]: ({ name }) => (name === undefined ? undefined : abiString(name)),
  [functionSelector("symbol()")]: ({ symbol }) => (symbol === undefined ? undefined : abiString(symbol)),
  [functionSelector("decimals()")]: ({ decimals }) => (decimals === undefined ? undefined : abiWords(BigInt(decimals))),
  [functionSelector("totalSupply()")]: ({ totalSupply }) =>
    totalSupply === undefined ? undefined : abiWords(totalSupply),
};
const RETURNS_TRUE: readonly Hex[] = [ERC20_SELECTORS.transfer, ERC20_SELECTORS.approve, ERC20_SELECTORS.transferFrom];
const TRUE = abiWords(1n);
const NOTHING = new Uint8Array();

/** The call object of eth_call and eth_estimateGas. */
export function readCall(value: unknown): SimulatedCall {
  const { from, to, value: amount, data, input } = fields(value, "transaction");
  if (to === undefined || to === null)
    throw new RpcError(RPC_CODES.rejected, "contract creation is not supported; `to` must be set");
  return {
    from: optional(from, (given) => address(given, "from")) ?? ZERO_ADDRESS,
    to: address(to, "to"),
    value: optional(amount, (given) => quantity(given, "value")) ?? 0n,
    data: optional(input ?? data, (given) => bytes(given, "data")) ?? NOTHING,
  };
}

/** What a call returns. @throws {RpcError} with code 3 when it reverts. */
export async function call(context: RpcContext, block: L2Block, request: SimulatedCall): Promise<Uint8Array> {
  const { to, data } = request;
  const selector = toHex(data.subarray(0, 4));
  const view = context.ledger.view(context.nodes, block.stateRoot, to, data);
  if (view !== undefined) return view;
  const metadata = METADATA_SELECTORS[selector];
  if (metadata !== undefined && data.length === 4) {
    const known = await context.tokenMetadata(to);
    const answer = known && metadata(known);
    if (answer === undefined) throw reverted();
    return answer;
  }
  await check(context, block, request);
  return RETURNS_TRUE.includes(selector) ? TRUE : NOTHING;
}

/** Gas that a transaction needs. @throws {RpcError} when it would fail. */
export async function estimateGas(context: RpcContext, block: L2Block, request: SimulatedCall): Promise<bigint> {
  await check(context, block, request);
  return context.ledger.gas(request.to, request.data);
}

async function check(context: RpcContext, block: L2Block, request: SimulatedCall): Promise<void> {
  const status = await context.simulate(block, request);
  if (status === "succeeded") return;
  if (status === "failed") throw reverted();
  const { balance } = context.chain.account(request.from);
  throw new TransactionRefusedError(
    `insufficient funds for gas * price + value: address ${request.from} have ${balance} want ${request.value}`,
  );
}

function reverted(): RpcError {
  return new RpcError(RPC_CODES.reverted, "execution reverted", "0x");
}

function abiString(text: string): Uint8Array {
  const content = new TextEncoder().encode(text);
  const padding = new Uint8Array((32 - (content.length % 32)) % 32);
  return concat(toBytes(32n, 32), toBytes(BigInt(content.length), 32), content, padding);
}
