import { toHex } from "../../ledger/bytes.js";
import { ZERO_ADDRESS } from "../../types.js";
import { fromAddress } from "../../validity/leaf.js";
import { openState } from "../../validity/state.js";
import type { Method } from "../rpc/context.js";
import { toJson } from "../rpc/format.js";
import { address, fields, optional, quantity } from "../rpc/params.js";
import type { ValidityLedgerOptions } from "./ledger.js";
import { leafAccount } from "./accounts.js";

/** What wallets and provers ask a sequencer of this ledger. */
export function validityMethods({ domain, size }: ValidityLedgerOptions): Record<string, Method> {
  return {
    /** What a signature is for, and how large the circuit is. */
    rollup_getValidity: () => toJson({ ...domain, slots: BigInt(size.slots), levels: BigInt(size.levels) }),

    /** The leaf of an owner and a token, with the nonce for the next transfer; null when there is none. */
    rollup_getLeaf([wanted], { chain, nodes }) {
      const given = fields(wanted, "leaf");
      const owner = fromAddress(address(given.owner, "owner"));
      const token = fromAddress(optional(given.token, (value) => address(value, "token")) ?? ZERO_ADDRESS);
      const { exists, index, leaf } = openState(size.levels, chain.head.stateRoot, nodes).find({ owner, token });
      if (!exists) return null;
      const { balance, key } = leaf;
      const nonce = chain.mempool.nextNonce(leafAccount({ owner, token }));
      return toJson({ index: BigInt(index), nonce, balance, key });
    },

    /** The raw transfers of an L2 block, in order: a prover needs their signatures, which are on L1 nowhere. */
    rollup_getTransfers([number], { blocks, database }) {
      const block = blocks.existing({ number: quantity(number, "block") });
      return database
        .entries(block.number)
        .flatMap((entry) => (entry.source === "transaction" && entry.gasUsed > 0n ? [toHex(entry.raw)] : []));
    },
  };
}
