import { getAddress } from "ethers";

import { type Hex, type MemberUrls, ZERO_ADDRESS } from "../../types.js";

/** A member as people write it: `0x…`, `0x…=http://…`, or the URL of its server alone. */
export interface NamedMember {
  address: Hex | undefined;
  url: string | undefined;
}

/** Reads one member; undefined for what is neither an address, nor a URL, nor both. */
export function parseMember(text: string): NamedMember | undefined {
  const at = text.indexOf("=");
  // The = of a query belongs to its URL.
  const [left, right] = at === 42 ? [text.slice(0, at), text.slice(at + 1)] : [text, undefined];
  if (right === undefined && isServerUrl(left)) return { address: undefined, url: left };
  if (right !== undefined && !isServerUrl(right)) return undefined;
  const address = addressOrUndefined(left);
  return address === undefined || address === ZERO_ADDRESS ? undefined : { address, url: right };
}

/** A list on a command line, in a file or in a config as its entries. */
export function membersIn(list: string | readonly string[]): string[] {
  const entries = typeof list === "string" ? list.split(",") : list;
  return entries.map((entry) => entry.trim());
}

/** The URLs that go with addresses in a list of members. */
export function memberUrlsIn(list: string | readonly string[]): MemberUrls {
  const named = membersIn(list).map(parseMember);
  return Object.fromEntries(
    named.flatMap((member) =>
      member?.address === undefined || member.url === undefined ? [] : [[member.address, member.url]],
    ),
  );
}

export function isServerUrl(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}

function addressOrUndefined(text: string): Hex | undefined {
  try {
    return getAddress(text) as Hex;
  } catch {
    return undefined;
  }
}
