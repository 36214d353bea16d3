/** Called after a keccak256 of [from, from + length), before the digest at DIGEST takes the place of what was hashed. */
export declare function hashed(from: usize, length: u32): void;

/**
 * Writes bytes [offset, offset + 4096) of the preimage of the hash at `page` to there, zeros behind its end.
 * Returns its length; -1 if it is not known.
 */
export declare function preimage(page: usize, offset: u32): i64;
