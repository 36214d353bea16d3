import type { Hex } from "../../types.js";
import { type AttestationSigner, signAttestation } from "./attestation.js";
import { chunkRoot } from "./chunks.js";
import { type Ask, attestationOf, collectSignatures, type MemberFault } from "./client.js";
import type { Certificate } from "../input.js";
import type { CommitteeOnL1 } from "./l1.js";
import type { RootOf } from "./root.js";

export interface CertifierOptions {
  committee: CommitteeOnL1;
  /** A bonded sequencer: members work for nobody else. */
  signer: AttestationSigner;
  /** Where the server of a member is; undefined where that is not known. */
  urlOf: (member: Hex) => string | undefined;
  /** Seconds; that of the chain. */
  challengeWindow: bigint;
  /** Seconds since 1970, as L1 has it. */
  now: () => Promise<bigint>;
  /** Milliseconds that members have in all; default 5,000. */
  timeout?: number | undefined;
  onFault?: ((fault: MemberFault) => void) | undefined;
  /** Default: `fetch`. */
  ask?: Ask | undefined;
  /** Default: of the chunks of data. */
  rootOf?: RootOf | undefined;
}

/** Gets data attested; undefined where too few members sign in time: the data go in calldata then. */
export type Certify = (batchIndex: bigint, data: Uint8Array, signal?: AbortSignal) => Promise<Certificate | undefined>;

const TIMEOUT = 5_000;
/** Seconds that may pass between the signatures and the posting. */
const POSTING_MARGIN = 86_400n;

/** How long members are asked to serve the data of a batch that is posted within a day, in seconds from now on. */
export function servingTime(challengeWindow: bigint, disputeDuration: bigint): bigint {
  return challengeWindow + disputeDuration + POSTING_MARGIN;
}

export function createCertifier(options: CertifierOptions): Certify {
  const {
    committee,
    signer,
    urlOf,
    challengeWindow,
    now,
    timeout = TIMEOUT,
    onFault,
    ask,
    rootOf = chunkRoot,
  } = options;
  const { contract, scope, disputeDuration } = committee;
  return async (batchIndex, data, signal) => {
    if (data.length === 0) return undefined;
    const epoch = await contract.currentEpoch();
    const facts = await committee.epoch(epoch);
    if (facts === undefined) return undefined;
    const expiry = (await now()) + servingTime(challengeWindow, disputeDuration);
    const root = rootOf(data);
    const attestation = attestationOf(data, { epoch, batchIndex, expiry }, () => root);
    const requester = await signAttestation(signer, scope, attestation);
    const found = await collectSignatures({
      ...{
        scope,
        threshold: facts.threshold,
        request: { attestation, data, requester },
        timeout,
        onFault,
        signal,
        ask,
      },
      members: facts.members.map((address, i) => ({ address, key: facts.keys?.[i], url: urlOf(address) })),
    });
    if (found === undefined) return undefined;
    return { length: attestation.length, epoch, expiry, root, ...found };
  };
}
