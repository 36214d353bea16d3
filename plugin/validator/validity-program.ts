import { toHex } from "../ledger/bytes.js";
import type { NodeReader } from "../ledger/types.js";
import type { Hex } from "../types.js";
import { type CircuitSize, executeValidity } from "../validity/execute.js";
import { fromAddress, toAddress } from "../validity/leaf.js";
import { escapeProof, genesisNodes, openState } from "../validity/state.js";
import type { Program, StateReader } from "./types.js";

/** The ledger of docs/validity.md as validators, and those who rebuild it, run it. */
export function validityProgram(programId: Hex, size: CircuitSize): Program {
  return {
    machineHash: programId,
    state: validityState(size.levels),
    execute: (input, nodes) => executeValidity(size, input, nodes),
  };
}

function validityState(levels: number): StateReader {
  return {
    genesis: genesisNodes(levels),
    proveBalance(nodes, root, account, token) {
      const state = openState(levels, root, nodes);
      const id = { owner: fromAddress(account), token: fromAddress(token) };
      const { exists, leaf } = state.find(id);
      const proof = escapeProof(state, id);
      if (!exists || leaf.balance === 0n || proof === undefined) return undefined;
      return { amount: leaf.balance, proof: toHex(proof) };
    },
    accountCount: (nodes, root) => BigInt(ownersOf(levels, nodes, root).size),
    *accounts(nodes, root) {
      for (const owner of ownersOf(levels, nodes, root)) yield toAddress(owner);
    },
  };
}

function ownersOf(levels: number, nodes: NodeReader, root: Hex): Set<bigint> {
  const state = openState(levels, root, nodes);
  const owners = new Set<bigint>();
  for (let index = 1; index < state.leafCount(); index++) owners.add(state.get(index)!.owner);
  return owners;
}
