import { fileURLToPath } from "node:url";

/** What circuits and keys take seconds to make is made once for all tests. */
export const PROVER_CACHE = fileURLToPath(new URL("../../../cache/prover", import.meta.url));
