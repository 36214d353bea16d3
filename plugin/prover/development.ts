// What makes a development key known as one, whatever was lost on its way.
import type { G2 } from "./curve.js";

/**
 * The gamma of every development key: SHA-512 of "hardhat-rollup development gamma" modulo r. Nothing that is done to a
 * key after its set-up changes gamma, so whoever has a verifying key, an L1 contract for instance, sees by it that
 * anybody can prove anything. Other keys have the generator there.
 */
export const DEVELOPMENT_GAMMA = 12746095085867944908156764463605077642681883948996815087716187854858895469732n;

/** {@link DEVELOPMENT_GAMMA} times the generator of G2: the point that stands in verifying keys. */
export const DEVELOPMENT_GAMMA_POINT: G2 = {
  x: [
    21480042431768778903588019414013384899352017609559334601714195471680614551157n,
    19005542037407915347688004572403889101388348351385216930106698746234745762276n,
  ],
  y: [
    6292760922115706728694416125791398619516058594860342441568388580617849611868n,
    21650525185419649795683393661832228716743403766045918090582905219534630108191n,
  ],
};

/** Stands in the file where a ceremony has the circuit's hash; 64 bytes. */
export const DEVELOPMENT_MARK = Buffer.from(
  "hardhat-rollup development key: anybody can prove anything ".padEnd(64, "."),
);

/** Ids of chains that are one developer's own, as `Groth16Verifier` has them: Hardhat and anvil, Ganache and geth --dev. */
export const LOCAL_CHAIN_IDS: readonly bigint[] = [31337n, 1337n];
