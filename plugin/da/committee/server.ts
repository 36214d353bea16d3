import { L1UnavailableError } from "../../l1/ask.js";
import { serve, type Service, type ServiceAnswer, type ServiceRequest } from "../../net/service.js";
import type { Hex } from "../../types.js";
import { MAX_DATA_LENGTH } from "./chunks.js";
import { type Member, RefusedError } from "./member.js";
import { decodeRequest, PATHS, WireError } from "./wire.js";

export interface MemberServerOptions {
  member: Member;
  /** Default 127.0.0.1. */
  host?: string | undefined;
  /** 0 takes a free one. */
  port: number;
  /** Told of what was signed, what was refused, and of errors that are no client's fault. */
  onEvent?: ((event: MemberEvent) => void) | undefined;
}

export type MemberEvent =
  | { kind: "signed"; batchIndex: bigint; dataHash: Hex; length: bigint }
  | { kind: "refused"; reason: string }
  | { kind: "fault"; error: unknown };

/** Data in hex, and the rest of a request. */
const MAX_BODY = 2 * MAX_DATA_LENGTH + 4_096;
const DATA_PATH = /^\/v1\/data\/(0x[0-9a-f]{64})(?:\/chunks\/(\d{1,4}))?$/;

/** A member over HTTP; what it has signed when it is closed is on disk. @throws {PortInUseError} */
export function serveMember({ member, onEvent, ...where }: MemberServerOptions): Promise<Service> {
  return serve({
    ...{ ...where, maxBody: MAX_BODY },
    answer: (request) => answer(member, request, onEvent),
    onFault: (error) => onEvent?.({ kind: "fault", error }),
  });
}

/** What a member answers, however it was asked. */
export async function answer(
  member: Member,
  { method, path, body }: ServiceRequest,
  onEvent?: MemberServerOptions["onEvent"],
): Promise<ServiceAnswer> {
  if (method === "POST" && path === PATHS.attest) {
    try {
      const request = decodeRequest(body);
      const signature = await member.attest(request);
      const { batchIndex, dataHash, length } = request.attestation;
      onEvent?.({ kind: "signed", batchIndex, dataHash, length });
      return { status: 200, body: { signature } };
    } catch (error) {
      if (error instanceof L1UnavailableError) {
        onEvent?.({ kind: "fault", error });
        return { status: 503, body: { error: "its L1 node does not answer" } };
      }
      if (!(error instanceof RefusedError || error instanceof WireError)) throw error;
      onEvent?.({ kind: "refused", reason: error.message });
      return { status: error instanceof WireError ? 400 : 409, body: { error: error.message } };
    }
  }
  const [, dataHash, chunk] = DATA_PATH.exec(path) ?? [];
  if (method !== "GET" || dataHash === undefined)
    return none(`GET ${PATHS.data("<data hash>")}[/chunks/<index>] or POST ${PATHS.attest}`);
  const found = chunk === undefined ? member.data(dataHash as Hex) : chunkOf(member, dataHash as Hex, Number(chunk));
  return found === undefined ? none("these data are not here") : { status: 200, body: found };
}

const none = (error: string): ServiceAnswer => ({ status: 404, body: { error } });

function chunkOf(member: Member, dataHash: Hex, index: number): object | undefined {
  try {
    return member.chunk(dataHash, index);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
