import { StateCommitmentChain__factory } from "../../typechain-types/index.js";
import { toHex } from "../ledger/bytes.js";
import { GENESIS_NODE } from "../ledger/state.js";
import type { StateNode } from "../ledger/types.js";
import { type Deployment, type Hex, type MachineProgram, ZERO_HASH } from "../types.js";
import { ask } from "./ask.js";
import type { L1Client } from "./client.js";

/** The program here is not the rollup's, or starts from another state: every batch and every verdict would be wrong. */
export class ProgramMismatchError extends Error {
  override readonly name = "ProgramMismatchError";

  constructor(
    readonly what: string,
    /** What the rollup has. */
    readonly expected: Hex,
    /** What is here. */
    readonly got: Hex,
  ) {
    super(`the rollup's ${what} is ${expected}, here it is ${got}; use the package version that deployed the rollup`);
  }
}

/** What stands for the machine in a suite with validity proofs: the id of the circuit where another has its hash. */
export function circuitProgram(id: Hex): MachineProgram {
  return {
    machineHash: id,
    ...{ codeRoot: ZERO_HASH, memoryRoot0: ZERO_HASH, entryPc: 0, pages: 0, maxPages: 0, version: 0 },
  };
}

/**
 * Compares a program with an address book.
 * @param root Of the state with which it begins; default that of the ledger guest.
 * @throws {ProgramMismatchError}
 */
export function checkProgram({ program, genesis }: Deployment, own: Hex, root: StateNode = GENESIS_NODE): void {
  compare("machine hash", program.machineHash, own);
  compare("genesis state root", genesis.stateRoot, toHex(root.hash));
}

/** Compares a program with an address book and with the chain itself. @throws {ProgramMismatchError | L1UnavailableError} */
export async function checkDeployedProgram(
  client: L1Client,
  own: Hex,
  signal?: AbortSignal,
  root: StateNode = GENESIS_NODE,
): Promise<void> {
  checkProgram(client.deployment, own, root);
  const chain = StateCommitmentChain__factory.connect(client.addresses.chain, client.provider);
  const { machineHash, genesisStateRoot } = await ask("parameters of the chain", () => chain.parameters(), { signal });
  compare("machine hash on L1", machineHash as Hex, own);
  compare("genesis state root on L1", genesisStateRoot as Hex, toHex(root.hash));
}

function compare(what: string, expected: Hex, got: Hex): void {
  if (expected.toLowerCase() !== got.toLowerCase()) throw new ProgramMismatchError(what, expected, got);
}
