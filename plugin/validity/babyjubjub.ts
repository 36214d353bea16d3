import type { PublicKey } from "./leaf.js";

/** EdDSA over BabyJubjub with Poseidon. */
export interface Signature {
  r8: PublicKey;
  s: bigint;
}
