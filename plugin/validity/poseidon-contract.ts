import poseidon from "poseidon-solidity";

import type { Hex } from "../types.js";

/**
 * Creation code of PoseidonT5 as the npm package poseidon-solidity publishes it: what PoseidonStateProof asks for hashes.
 * A library of its own address: compiled with this package's settings it would be longer than a contract may be.
 */
export const POSEIDON_CREATION = poseidon.PoseidonT5.bytecode as Hex;
