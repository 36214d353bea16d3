import { WireError } from "../../da/committee/wire.js";
import { serve, type Service, type ServiceAnswer, type ServiceRequest } from "../../net/service.js";
import type { Hex } from "../../types.js";
import { type Tower, TowerRefusal } from "./tower.js";
import { decodeUpload, encodeInfo, MAX_BODY, PATHS } from "./wire.js";

export interface TowerServerOptions {
  tower: Tower;
  /** Default 127.0.0.1. */
  host?: string | undefined;
  /** 0 takes a free one. */
  port: number;
  /** Requests at once, each with a body in memory; default 32. */
  maxRequests?: number | undefined;
  onEvent?: ((event: TowerServerEvent) => void) | undefined;
}

export type TowerServerEvent =
  | { kind: "held"; client: Hex; count: number }
  | { kind: "refused"; reason: string }
  | { kind: "fault"; error: unknown };

const DEFAULT_REQUESTS = 32;
const REQUEST_TIMEOUT = 30_000;

/** A tower over HTTP; what has a receipt when it is closed is on disk. @throws {PortInUseError} */
export async function serveTower({ tower, onEvent, maxRequests, ...where }: TowerServerOptions): Promise<Service> {
  return serve({
    ...{ ...where, maxBody: MAX_BODY, maxRequests: maxRequests ?? DEFAULT_REQUESTS, requestTimeout: REQUEST_TIMEOUT },
    answer: (request) => answer(tower, request, onEvent),
    onFault: (error) => onEvent?.({ kind: "fault", error }),
  });
}

async function answer(
  tower: Tower,
  { method, path, body }: ServiceRequest,
  onEvent: TowerServerOptions["onEvent"],
): Promise<ServiceAnswer> {
  if (method === "GET" && path === PATHS.tower) return { status: 200, body: encodeInfo(tower.info) };
  if (method === "POST" && path === PATHS.blobs) return accept(tower, body, onEvent);
  return { status: 404, body: { error: `GET ${PATHS.tower} or POST ${PATHS.blobs}` } };
}

async function accept(tower: Tower, body: string, onEvent: TowerServerOptions["onEvent"]): Promise<ServiceAnswer> {
  try {
    const { client, receipts } = await tower.accept(decodeUpload(body));
    onEvent?.({ kind: "held", client, count: receipts.length });
    return { status: 200, body: { receipts } };
  } catch (error) {
    if (!(error instanceof TowerRefusal || error instanceof WireError)) throw error;
    onEvent?.({ kind: "refused", reason: error.message });
    const refusal = { body: { error: error.message } };
    if (error instanceof WireError) return { status: 400, ...refusal };
    return { status: error.retryAfter === undefined ? 409 : 429, retryAfter: error.retryAfter, ...refusal };
  }
}
