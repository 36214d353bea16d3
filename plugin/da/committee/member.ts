import type { Hex } from "../../types.js";
import { MalformedDataError } from "../../validity/batch.js";
import {
  type Attestation,
  attestationSigner,
  type AttestationScope,
  type AttestationSigner,
  type DigestSigner,
  signAttestation,
} from "./attestation.js";
import { MAX_DATA_LENGTH, type ProvenChunk, proveChunk, chunkCount, chunkRoot } from "./chunks.js";
import { attestedHash, type RootOf } from "./root.js";
import type { Vault } from "./vault.js";

/** What a member asks of L1. */
export interface MemberL1 {
  /** Members of an epoch; undefined when there is no such epoch. */
  members(epoch: bigint): Promise<Hex[] | undefined>;
  /** Whether an account is a bonded sequencer. */
  isSequencer(account: Hex): Promise<boolean>;
  /** Index of the last batch, and of the last final one. */
  heads(): Promise<{ head: bigint; finalizedHead: bigint }>;
  /** Number and time (seconds) of the last block. */
  block(): Promise<{ number: number; timestamp: bigint }>;
  /** Whether batch `index` was reverted in a block after `block`. */
  wasReverted(index: bigint, block: number): Promise<boolean>;
}

export interface MemberOptions {
  /** By ECDSA an account, by BLS the key's secret. */
  signer: AttestationSigner | DigestSigner;
  /** The account, or what stands for the key. */
  address: Hex;
  scope: AttestationScope;
  l1: MemberL1;
  vault: Vault;
  /** Seconds for which it promises to serve data at most. */
  maxRetention: bigint;
  /** Default: of their chunks. */
  rootOf?: RootOf | undefined;
}

/** What a sequencer asks of a member. */
export interface AttestationRequest {
  attestation: Attestation;
  data: Uint8Array;
  /** The sequencer's own signature of the attestation: members store for those who answer with a bond. */
  requester: Hex;
}

/** A member of a committee, without its transport. */
export interface Member {
  readonly address: Hex;
  /** Stores the data and signs. @throws {RefusedError} when it must not. */
  attest(request: AttestationRequest): Promise<Hex>;
  data(dataHash: Hex): Uint8Array | undefined;
  /** @throws {RangeError} when the data have no such chunk. */
  chunk(dataHash: Hex, index: number): ProvenChunk | undefined;
}

/** A member does not sign; the reason is one line. */
export class RefusedError extends Error {
  override readonly name = "RefusedError";
  constructor(readonly reason: string) {
    super(reason);
  }
}

/** How far ahead of the last batch that it knows a member signs: the next batch, and one more where its node lags. */
const AHEAD = 2n;

export function createMember(options: MemberOptions): Member {
  const { signer, address, scope, l1, vault, maxRetention, rootOf = chunkRoot } = options;
  /** One request for a batch at a time, so that the second sees what the first signed. */
  let turn: Promise<unknown> = Promise.resolve();

  async function attest({ attestation, data, requester }: AttestationRequest): Promise<Hex> {
    const { epoch, batchIndex, expiry } = attestation;
    if (data.length === 0 || data.length > MAX_DATA_LENGTH)
      throw new RefusedError(`the data have ${data.length} bytes; 1 to ${MAX_DATA_LENGTH} are right`);
    if (attestation.length !== BigInt(data.length))
      throw new RefusedError(`the data have ${data.length} bytes, the attestation says ${attestation.length}`);
    const members = await l1.members(epoch);
    if (members?.some((member) => same(member, address)) !== true)
      throw new RefusedError(`${address} is no member of epoch ${epoch}`);
    const sequencer = attestationSigner(scope, attestation, requester);
    if (sequencer === undefined || !(await l1.isSequencer(sequencer)))
      throw new RefusedError(`the request is signed by ${sequencer ?? "nobody"}, who is no bonded sequencer`);
    // Not before: with validity proofs it is a Poseidon hash for each transfer.
    const hash = hashOf(data, rootOf);
    if (hash !== attestation.dataHash)
      throw new RefusedError(`the data hash is ${hash}, the attestation says ${attestation.dataHash}`);
    const { head, finalizedHead } = await l1.heads();
    if (batchIndex <= finalizedHead || batchIndex > head + AHEAD)
      throw new RefusedError(
        `batch ${batchIndex} is not to be posted; ${finalizedHead + 1n} to ${head + AHEAD} may be`,
      );
    const block = await l1.block();
    if (expiry > block.timestamp + maxRetention)
      throw new RefusedError(
        `the data would have to be served until ${expiry}; until ${block.timestamp + maxRetention} at most`,
      );

    const earlier = vault.signed(epoch, batchIndex);
    if (earlier !== undefined && earlier.attestation.dataHash !== attestation.dataHash) {
      // Data of two batches of one index are both true only if L1 reverted the first.
      if (!(await l1.wasReverted(batchIndex, earlier.l1Block)))
        throw new RefusedError(
          `other data were signed for batch ${batchIndex} in epoch ${epoch}: ${earlier.attestation.dataHash}`,
        );
    }
    // What is signed is on disk before anybody sees the signature.
    await vault.record({ attestation, l1Block: block.number }, data);
    return signAttestation(signer, scope, attestation);
  }

  return {
    address,
    attest(request) {
      const next = turn.then(() => attest(request));
      turn = next.catch(() => undefined);
      return next;
    },
    data: (hash) => vault.data(hash),
    chunk(hash, index) {
      const data = vault.data(hash);
      if (data === undefined) return undefined;
      if (index >= chunkCount(data.length)) throw new RangeError(`the data have ${chunkCount(data.length)} chunks`);
      return proveChunk(data, index);
    },
  };
}

function hashOf(data: Uint8Array, rootOf: RootOf): Hex {
  try {
    return attestedHash(data, rootOf);
  } catch (error) {
    if (error instanceof MalformedDataError) throw new RefusedError(error.message);
    throw error;
  }
}

function same(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
