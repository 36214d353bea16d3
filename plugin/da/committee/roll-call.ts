import type { Hex, MemberUrls } from "../../types.js";
import type { CommitteeOnL1 } from "./l1.js";
import { PATHS } from "./wire.js";

/** A member of the newest epoch, and whether its server is there. */
export interface PresentMember {
  address: Hex;
  url: string | undefined;
  /** Why not; undefined when it answers. */
  absence: string | undefined;
}

export interface RollCall {
  epoch: bigint;
  threshold: number;
  /** In ascending order. */
  members: PresentMember[];
}

/** Data that nobody has: every member says so. */
const NOTHING: Hex = `0x${"00".repeat(32)}`;
const TIMEOUT = 3_000;

/** Asks all members of the newest epoch at once whether they are there. */
export async function callRoll(
  { contract, epoch }: CommitteeOnL1,
  urls: MemberUrls,
  signal: AbortSignal = AbortSignal.timeout(TIMEOUT),
): Promise<RollCall> {
  const index = await contract.currentEpoch();
  const { members, threshold } = (await epoch(index)) ?? { members: [], threshold: 0 };
  const present = members.map(async (address) => {
    const url = urls[address];
    return { address, url, absence: url === undefined ? "its URL is not known" : await absenceOf(url, signal) };
  });
  return { epoch: index, threshold, members: await Promise.all(present) };
}

async function absenceOf(url: string, signal: AbortSignal): Promise<string | undefined> {
  try {
    const response = await fetch(`${url.replace(/\/+$/, "")}${PATHS.data(NOTHING)}`, { signal });
    await response.body?.cancel();
    const isMember = response.status === 404 && response.headers.get("content-type") === "application/json";
    return isMember ? undefined : "what answers is no member's server";
  } catch (error) {
    if (!(error instanceof Error)) return String(error);
    const { cause, name, message } = error;
    if (name === "TimeoutError") return "it does not answer in time";
    return cause instanceof Error && cause.message !== "" ? cause.message : message;
  }
}
