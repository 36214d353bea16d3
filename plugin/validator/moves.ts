import { getBytes, hexlify } from "ethers";

import { IDisputeGame__factory, ISequencerRegistry__factory } from "../../typechain-types/index.js";
import type { Move } from "../dispute/strategy.js";
import type { GameNode } from "../dispute/tree.js";
import type { DisputeClaim } from "../dispute/types.js";
import type { Intent } from "../l1/intent.js";
import type { BatchHeader, Hex } from "../types.js";

const game = IDisputeGame__factory.createInterface();
const registry = ISequencerRegistry__factory.createInterface();

/** The transaction that makes a move in the game about a batch. */
export function moveIntent(header: BatchHeader, move: Move): Intent {
  const { against, index } = move;
  const to = header.resolver;
  const batch = `batch ${header.index}`;
  if (move.kind === "step") {
    const data = game.encodeFunctionData("step", [claimOf(against), [...against.list], index, hexlify(move.witness)]);
    return {
      key: `dispute:step:${against.id}`,
      what: `the step against claim ${short(against.id)}`,
      to,
      data: data as Hex,
    };
  }
  const isFirst = against.claim === undefined;
  const data = isFirst
    ? game.encodeFunctionData("counterBatch", [header, move.list])
    : game.encodeFunctionData("counter", [claimOf(against), [...against.list], index, move.list]);
  const what = isFirst ? `the claim against ${batch}` : `the claim against claim ${short(against.id)}`;
  return { key: `dispute:claim:${move.id}`, what, to, data: data as Hex, value: move.bond };
}

/** The transaction that resolves claims, children before parents. */
export function resolveIntent(header: BatchHeader, claims: readonly GameNode[]): Intent {
  const data = game.encodeFunctionData("resolve", [claims.map(claimOf)]) as Hex;
  const key = `dispute:resolve:${claims.map(({ id }) => short(id)).join(":")}`;
  return { key, what: `resolving ${claims.length} claims about batch ${header.index}`, to: header.resolver, data };
}

/** The transaction that ends the game about a batch. */
export function resolveBatchIntent(header: BatchHeader, headerHash: Hex): Intent {
  const data = game.encodeFunctionData("resolveBatch", [header]) as Hex;
  return { key: `dispute:end:${headerHash}`, what: `resolving batch ${header.index}`, to: header.resolver, data };
}

/** The transaction that takes what a game owes the sender. `block`: when it was seen. */
export function creditIntent(resolver: Hex, account: Hex, block: number): Intent {
  const data = game.encodeFunctionData("claimCredit", [account]) as Hex;
  return { key: `dispute:credit:${resolver}:${block}`, what: "taking the bonds won", to: resolver, data };
}

/** The transaction that takes what the registry owes the sender. */
export function rewardIntent(to: Hex, account: Hex, block: number): Intent {
  const data = registry.encodeFunctionData("claimReward", [account]) as Hex;
  return { key: `dispute:reward:${block}`, what: "taking the reward", to, data };
}

function claimOf({ claim, id }: GameNode): DisputeClaim {
  if (claim === undefined) throw new Error(`${id} is a batch, not a claim`);
  return claim;
}

/** An id as people compare it. */
export function short(id: Hex): string {
  return hexlify(getBytes(id).subarray(0, 4));
}
