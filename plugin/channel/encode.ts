import type { ChannelParamsStruct, SignedStateStruct } from "../../typechain-types/channel/IChannelAdjudicator.js";
import type { Hex } from "../types.js";
import type { ChannelParams, SignedState } from "./types.js";

/** A list of signatures as L1 takes it: who signed, and the signatures behind each other. */
export function packSignatures(signatures: readonly (Hex | undefined)[]): { signedBy: bigint; packed: Hex } {
  let signedBy = 0n;
  let packed = "";
  signatures.forEach((signature, i) => {
    if (signature === undefined) return;
    signedBy |= 1n << BigInt(i);
    packed += signature.slice(2);
  });
  return { signedBy, packed: `0x${packed}` };
}

/** Whether everybody signed. */
export function isUnanimous(
  { participants }: Pick<ChannelParams, "participants">,
  { signatures }: SignedState,
): boolean {
  return participants.every((_, i) => signatures[i] !== undefined);
}

/** What is behind a state's hashes and goes along with it. */
export type Shown = "nothing" | "outcome" | "everything";

/** A signed state as L1 takes it. */
export function signedStateOf({ state, signatures, appData, outcome }: SignedState, shown: Shown): SignedStateStruct {
  const { signedBy, packed } = packSignatures(signatures);
  return {
    state,
    signedBy,
    signatures: packed,
    appData: shown === "everything" ? appData : "0x",
    outcome: shown === "nothing" ? "0x" : outcome,
  };
}

/** A support as L1 takes it: a state that everybody signed needs nothing behind its hashes, because no app is asked. */
export function supportOf(params: ChannelParams, support: readonly SignedState[]): SignedStateStruct[] {
  const [only] = support;
  const isAsked = support.length !== 1 || only === undefined || !isUnanimous(params, only);
  return support.map((signed) => signedStateOf(signed, isAsked ? "everything" : "nothing"));
}

/** Parameters as TypeChain takes them. */
export function paramsOf({ participants, ...rest }: ChannelParams): ChannelParamsStruct {
  return { ...rest, participants: [...participants] };
}
