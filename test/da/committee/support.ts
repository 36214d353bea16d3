import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

import type { HDNodeWallet } from "ethers";

import { type AttestationScope, signAttestation } from "../../../plugin/da/committee/attestation.js";
import { attestationOf } from "../../../plugin/da/committee/client.js";
import {
  type AttestationRequest,
  createMember,
  type Member,
  type MemberL1,
} from "../../../plugin/da/committee/member.js";
import { openVault } from "../../../plugin/da/committee/vault.js";
import { memoryStore } from "../../../plugin/store/memory.js";
import type { Store } from "../../../plugin/store/types.js";
import type { Hex } from "../../../plugin/types.js";
import { memberKeys } from "../../support/committee.js";

export const SCOPE: AttestationScope = {
  l1ChainId: 31_337n,
  committee: `0x${"c0".repeat(20)}`,
  bridge: `0x${"b0".repeat(20)}`,
};
export const NOW = 1_000_000n;
export const RETENTION = 10_000n;
export const KEYS = memberKeys(7);
export const MEMBERS = KEYS.map(({ address }) => address as Hex);
export const [SEQUENCER, STRANGER] = memberKeys(2, "sequencer") as [HDNodeWallet, HDNodeWallet];

/** What members see of L1; tests change it. */
export interface FakeL1 extends MemberL1 {
  head: bigint;
  finalizedHead: bigint;
  blockNumber: number;
  /** Reverts that happened: batches from `from` on, in a block. */
  reverts: { from: bigint; block: number }[];
}

export function fakeL1(): FakeL1 {
  const l1: FakeL1 = {
    head: 4n,
    finalizedHead: 2n,
    blockNumber: 100,
    reverts: [],
    members: (epoch) => Promise.resolve(epoch === 0n ? MEMBERS : undefined),
    isSequencer: (account) => Promise.resolve(account === SEQUENCER.address),
    heads: () => Promise.resolve({ head: l1.head, finalizedHead: l1.finalizedHead }),
    block: () => Promise.resolve({ number: l1.blockNumber, timestamp: NOW }),
    wasReverted: (index, after) =>
      Promise.resolve(l1.reverts.some(({ from, block }) => block > after && from <= index)),
  };
  return l1;
}

export function memberOf(position: number, l1: MemberL1, store: Store = memoryStore()): Member {
  const signer = KEYS[position];
  if (signer === undefined) throw new RangeError(`no key at ${position}`);
  const address = signer.address as Hex;
  return createMember({ signer, address, scope: SCOPE, l1, vault: openVault(store), maxRetention: RETENTION });
}

/** Bytes in which every position differs from its neighbours. */
export function bytes(length: number, seed = 0): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 167) ^ (i >> 8) ^ seed);
}

export interface RequestChanges {
  attestation?: Partial<AttestationRequest["attestation"]>;
  by?: HDNodeWallet;
}

/** A request for the batch after the head that `fakeL1` has. */
export async function requestOf(data: Uint8Array, changes: RequestChanges = {}): Promise<AttestationRequest> {
  const attestation = {
    ...attestationOf(data, { epoch: 0n, batchIndex: 5n, expiry: NOW + RETENTION }),
    ...changes.attestation,
  };
  return { attestation, data, requester: await signAttestation(changes.by ?? SEQUENCER, SCOPE, attestation) };
}

/** A server that answers everything in one way; `undefined` never answers. */
export async function serveAnswer(
  answer: { status: number; body: Uint8Array | string } | undefined,
): Promise<{ url: string; asked: () => number; close(): Promise<void> }> {
  let asked = 0;
  const server = createServer((incoming, outgoing) => {
    asked++;
    incoming.resume();
    if (answer === undefined) return;
    outgoing.writeHead(answer.status);
    outgoing.end(answer.body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked: () => asked,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}
