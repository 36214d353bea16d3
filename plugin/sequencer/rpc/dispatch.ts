import { L1UnavailableError } from "../../l1/ask.js";
import { RPC_CODES, RpcError } from "../errors.js";
import type { Method, RpcContext } from "./context.js";
import { ETH_METHODS } from "./eth.js";
import type { Json } from "./format.js";
import { ROLLUP_METHODS } from "./rollup.js";

export interface RequestArguments {
  method: string;
  params?: readonly unknown[] | undefined;
}

export type Request = (request: RequestArguments) => Promise<Json>;

/** Requests that one batch may hold. */
export const MAX_BATCH_REQUESTS = 1_000;

const METHODS: ReadonlyMap<string, Method> = new Map(Object.entries({ ...ETH_METHODS, ...ROLLUP_METHODS }));

/** Answers single requests, in-process. @throws {RpcError} */
export function createRequest(context: RpcContext): Request {
  return async ({ method, params = [] }) => {
    const found = METHODS.get(method) ?? context.ledger.methods[method];
    if (found === undefined)
      throw new RpcError(RPC_CODES.methodNotFound, `the method ${method} does not exist/is not available`);
    return found(params, context);
  };
}

/**
 * Answers the body of a JSON-RPC 2.0 request or batch.
 * @param onFault Told of errors that are nobody's fault but ours.
 * @returns undefined when nothing is to be answered (notifications).
 */
export async function answer(
  body: string,
  request: Request,
  onFault: (method: string, error: unknown) => void,
): Promise<Json | undefined> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    return failure(null, new RpcError(RPC_CODES.parse, "the body is not JSON"));
  }
  if (!Array.isArray(parsed)) return answerOne(parsed, request, onFault);
  if (parsed.length === 0) return failure(null, new RpcError(RPC_CODES.invalidRequest, "the batch is empty"));
  if (parsed.length > MAX_BATCH_REQUESTS)
    return failure(
      null,
      new RpcError(RPC_CODES.invalidRequest, `the batch has ${parsed.length} requests, limit ${MAX_BATCH_REQUESTS}`),
    );
  const answers = await Promise.all(parsed.map((each) => answerOne(each, request, onFault)));
  const given = answers.filter((each) => each !== undefined);
  return given.length === 0 ? undefined : given;
}

async function answerOne(
  value: unknown,
  request: Request,
  onFault: (method: string, error: unknown) => void,
): Promise<Json | undefined> {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return failure(null, new RpcError(RPC_CODES.invalidRequest, "a request must be an object"));
  const { id, method, params } = value as Record<string, unknown>;
  const known = typeof id === "string" || typeof id === "number" ? id : null;
  if (typeof method !== "string")
    return failure(known, new RpcError(RPC_CODES.invalidRequest, "the method must be a text"));
  if (params !== undefined && params !== null && !Array.isArray(params))
    return failure(known, new RpcError(RPC_CODES.invalidParams, "the parameters must be a list"));
  let result: Json;
  try {
    result = await request({ method, params: (params ?? []) as readonly unknown[] });
  } catch (error) {
    if (id === undefined) return undefined;
    if (error instanceof RpcError) return failure(known, error);
    // Token views are asked on L1.
    if (error instanceof L1UnavailableError) return failure(known, new RpcError(RPC_CODES.internal, error.message));
    onFault(method, error);
    return failure(known, new RpcError(RPC_CODES.internal, "internal error; see the sequencer's log"));
  }
  return id === undefined ? undefined : { jsonrpc: "2.0", id: known, result };
}

function failure(id: string | number | null, { code, message, data }: RpcError): Json {
  const error = { code, message, ...(typeof data === "string" ? { data } : {}) };
  return { jsonrpc: "2.0", id, error };
}
