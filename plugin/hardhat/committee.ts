import { type Ask, fetchChunks, fetchData } from "../da/committee/client.js";
import { type CommitteeOnL1, findCommittee } from "../da/committee/l1.js";
import { type Certify, createCertifier } from "../da/committee/posting.js";
import { rootOfSuite } from "../da/committee/root.js";
import type { BatchDataOptions } from "../l1/batch-data.js";
import type { L1Client } from "../l1/client.js";
import type { Log } from "../sequencer/log.js";
import type { Deployment, MemberUrls } from "../types.js";

/** How the members of a committee are reached. */
export interface Members {
  /** Of those whose server is known. */
  urls: MemberUrls;
  /** Servers that are asked for data besides, whosever they are. */
  others?: readonly string[];
  /** Default: `fetch`. */
  ask?: Ask;
  /** Milliseconds that members have to sign; default 5,000. */
  timeout?: number;
}

/** Data that members of a committee hold, as `connectL1` asks for them; undefined where nobody can be asked. */
export function committeeReader(
  { parameters }: Deployment,
  { urls, others = [], ask }: Members,
): BatchDataOptions["committee"] {
  const servers = [...Object.values(urls), ...others];
  if (servers.length === 0) return undefined;
  const rootOf = rootOfSuite(parameters);
  return {
    data: (hash, signal) => fetchData(servers, hash, { signal, ask, rootOf }),
    chunks: (hash, indexes, signal) => fetchChunks(servers, hash, indexes, { signal, ask }),
  };
}

/** Gets data attested for the signer of `l1`; undefined when its suite has no committee. */
export function certifierOf(l1: L1Client, { urls, ask, timeout }: Members, log?: Log): Certify | undefined {
  const { signer, parameters } = l1;
  if (parameters.da !== "committee" || signer === undefined) return undefined;
  // Asked for when the first batch is posted: L1 may be down now.
  let committee: CommitteeOnL1 | undefined;
  return async (batchIndex, data, signal) => {
    committee ??= await findCommittee(l1);
    const certify = createCertifier({
      ...{ committee, signer, timeout, ask, challengeWindow: parameters.challengeWindow },
      rootOf: rootOfSuite(parameters),
      urlOf: (member) => urls[member],
      now: () => l1.now(signal),
      onFault: ({ member, url, reason }) => log?.({ level: "warn", event: "member did not sign", member, url, reason }),
    });
    const certificate = await certify(batchIndex, data, signal);
    if (certificate === undefined && data.length > 0)
      log?.({ level: "warn", event: "too few members signed; the batch goes in calldata", batch: batchIndex });
    return certificate;
  };
}
