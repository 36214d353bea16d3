import { channelDigests, channelIdOf } from "../../../plugin/channel/hashes.js";
import { signerOf } from "../../../plugin/channel/signing.js";
import { knownState } from "../../../plugin/channel/state.js";
import type { Transport } from "../../../plugin/channel/transport.js";
import type { ChannelParams } from "../../../plugin/channel/types.js";
import { decodeMessage } from "../../../plugin/channel/wire.js";
import type { Hex } from "../../../plugin/types.js";
import { DOMAIN } from "./fake-l1.js";

/** All signatures of states that ever left anybody, for one channel. */
export interface Ledger {
  tap(transport: Transport): Transport;
  /** Takes what is in one message. */
  read(bytes: Uint8Array): void;
  /** Participant and turn of which two states were signed. */
  doubles(): string[];
  /** Turns of which a signature of the participant left. */
  turnsOf(participant: Hex): bigint[];
}

export function signatureLedger(params: ChannelParams): Ledger {
  const id = channelIdOf(DOMAIN, params);
  const digests = channelDigests(DOMAIN);
  /** Signatures by their state's hash; a countersignature may be seen before its state. */
  const turns = new Map<Hex, bigint>();
  const signed = new Map<Hex, Set<Hex>>();

  function add(hash: Hex, signature: Hex | undefined): void {
    const signer = signature && signerOf(digests.ofStateHash(hash), signature);
    if (signer !== undefined) signed.set(hash, (signed.get(hash) ?? new Set()).add(signer));
  }

  function read(bytes: Uint8Array): void {
    for (const part of decodeMessage(bytes).parts) {
      if (part.kind === "sign") add(part.stateHash, part.signature);
      if (part.kind !== "state") continue;
      const { hash } = knownState(id, part.turnNum, part.content, []);
      turns.set(hash, part.turnNum);
      for (const signature of part.signatures) add(hash, signature);
    }
  }

  const seen = (): { signer: Hex; turn: bigint }[] =>
    [...signed].flatMap(([hash, signers]) => {
      const turn = turns.get(hash);
      if (turn === undefined) throw new Error("a countersignature of a state that nobody sent");
      return [...signers].map((signer) => ({ signer, turn }));
    });

  return {
    read,
    tap: (transport) => ({
      onMessage: transport.onMessage,
      send(to, bytes, signal) {
        read(bytes);
        return transport.send(to, bytes, signal);
      },
    }),
    doubles() {
      const all = seen().map(({ signer, turn }) => `${signer} turn ${turn}`);
      return all.filter((one, i) => all.indexOf(one) !== i);
    },
    turnsOf: (participant) => seen().flatMap(({ signer, turn }) => (signer === participant ? [turn] : [])),
  };
}
