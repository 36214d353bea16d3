import { membersIn, parseMember } from "../../plugin/da/committee/directory.js";
import type { Members } from "../../plugin/hardhat/committee.js";
import type { Deployment, Hex } from "../../plugin/types.js";
import { ArgumentError } from "./action.js";

/** The option that says where members of a committee answer, beside the address book. */
export interface MemberArguments {
  members?: string | undefined;
}

const EXAMPLE = "--members 0x…=http://host:8550,0x…=http://host:8550";

/** How members are reached: those of the address book, and over them those that were named; for reading a URL is enough. */
export function membersArgument({ memberUrls = {} }: Deployment, { members }: MemberArguments): Members {
  const urls: Record<Hex, string> = { ...memberUrls };
  const others: string[] = [];
  for (const entry of members === undefined ? [] : membersIn(members)) {
    const { address, url } = parseMember(entry) ?? {};
    if (url === undefined)
      throw new ArgumentError("members", `--members ${entry} is no URL of a member's server, for example ${EXAMPLE}`);
    if (address === undefined) others.push(url);
    else urls[address] = url;
  }
  return { urls, others };
}

/** The same for who wants signatures: those are one member's. */
export function knownMembersArgument(deployment: Deployment, input: MemberArguments): Members {
  const members = membersArgument(deployment, input);
  const [unknown] = members.others ?? [];
  if (unknown === undefined) return members;
  throw new ArgumentError("members", `--members ${unknown} does not say whose server that is, for example ${EXAMPLE}`);
}
