import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";

import { HardhatPluginError } from "hardhat/plugins";

import { circuitProgram } from "../l1/program.js";
import { readProgramFacts } from "../machine/artifacts.js";
import { programIdOf } from "../prover/encode.js";
import {
  ceremonyCircuit,
  type CeremonyOfCircuit,
  type CircuitFiles,
  developmentCircuit,
  lazyProver,
} from "../prover/circuits.js";
import { LOCAL_CHAIN_IDS } from "../prover/development.js";
import type { Prover } from "../prover/prove.js";
import type { WorkOptions } from "../prover/types.js";
import { guestLedger } from "../sequencer/guest-ledger.js";
import type { SequencerLedger } from "../sequencer/ledger.js";
import { validityLedger } from "../sequencer/validity/ledger.js";
import type { Deployment, Hex, MachineProgram, RollupParameters, ValidityKeys } from "../types.js";
import type { Program } from "../validator/types.js";
import { validityProgram } from "../validator/validity-program.js";
import type { CircuitShape } from "../validity/circuit.js";
import type { CircuitSize } from "../validity/execute.js";
import type { Domain } from "../validity/statement.js";
import { loadLedger, type Ledger } from "./ledger.js";

/** What runs a rollup, by its proof system. */
export interface ProofParts {
  /** For validators, and for who rebuilds the state. */
  program: Program;
  /** For a sequencer that posts from `submitter`. */
  sequencer(submitter: Hex): SequencerLedger;
  /** Of fraud proofs: what disputes are played with. */
  machine: Ledger | undefined;
  /** Of validity proofs. */
  validity: ValidityParts | undefined;
  close(): void;
}

export interface ValidityParts {
  domain: Domain;
  size: CircuitSize;
  /** By whether transfers stand on L1. Compiles and sets up what is not in the cache. */
  prover(isOnL1: boolean): Promise<Prover>;
}

export interface ProofOptions extends WorkOptions {
  /** Folder of circuits, keys and proofs. */
  cache: string;
  /** Where the keys come from; default: those for development. */
  ceremony?: Ceremony | undefined;
}

/** What ceremonies left for the circuits of a rollup; docs/prover.md. */
export interface Ceremony {
  onL1: CeremonyOfCircuit;
  /** With a committee. */
  withCommittee?: CeremonyOfCircuit;
}

/** Reads a ceremony file: JSON, with paths from its own folder. */
export async function readCeremony(path: string): Promise<Ceremony> {
  const wrong = (what: string): HardhatPluginError =>
    new HardhatPluginError(
      "hardhat-rollup",
      `${path}: ${what}; right is { "onL1": { "zkey": "…", "ptau": "…" } }, and "withCommittee" likewise where there is one`,
    );
  let json: unknown;
  try {
    json = JSON.parse(await readFile(path, "utf8"));
  } catch (error) {
    throw wrong(error instanceof SyntaxError ? "is not JSON" : "cannot be read");
  }
  const filesOf = (name: string): CeremonyOfCircuit | undefined => {
    const entry = (json as Record<string, unknown> | null)?.[name];
    if (entry === undefined) return undefined;
    const { zkey, ptau } = (entry ?? {}) as Record<string, unknown>;
    if (typeof zkey !== "string" || typeof ptau !== "string") throw wrong(`${name} does not name zkey and ptau`);
    return { zkey: resolve(dirname(path), zkey), ptau: resolve(dirname(path), ptau) };
  };
  const onL1 = filesOf("onL1");
  if (onL1 === undefined) throw wrong("onL1 is missing");
  const withCommittee = filesOf("withCommittee");
  return { onL1, ...(withCommittee === undefined ? {} : { withCommittee }) };
}

/** The size of the circuit that the parameters choose. */
export function sizeOf({ slots, levels }: Pick<RollupParameters, "slots" | "levels">): CircuitSize {
  return { slots: Number(slots), levels: Number(levels) };
}

/** Which rollup signatures and proofs are for. */
export function domainOf({ l1ChainId, parameters, contracts }: Deployment): Domain {
  return { l1ChainId, l2ChainId: parameters.l2ChainId, bridge: contracts.L1EscrowBridge.address };
}

/** The program of an address book's rollup, as validators and those who rebuild its state run it. */
export function programOfSuite({ parameters, program }: Pick<Deployment, "parameters" | "program">): Program {
  return parameters.proof === "fraud" ? loadLedger() : validityProgram(program.machineHash, sizeOf(parameters));
}

/** What runs the rollup of an address book. */
export function openProof(deployment: Deployment, options: ProofOptions): ProofParts {
  const { parameters, keys } = deployment;
  if (parameters.proof === "fraud") {
    const ledger = loadLedger();
    return {
      program: ledger,
      sequencer: () => guestLedger(ledger.execute),
      machine: ledger,
      validity: undefined,
      close: () => undefined,
    };
  }
  const size = sizeOf(parameters);
  const domain = domainOf(deployment);
  const circuits = [true, false].map((isOnL1) =>
    lazyProver(options.cache, async () => {
      const circuit = await circuitOf({ ...size, isOnL1 }, false, options);
      const expected = isOnL1 ? keys?.onL1 : keys?.withCommittee;
      if (expected !== undefined && programIdOf(expected) !== programIdOf(circuit.vkey))
        throw new HardhatPluginError(
          "hardhat-rollup",
          `the rollup was deployed with another key than ${options.ceremony === undefined ? "the one for development; its prover needs the key of its ceremony (--ceremony)" : "this ceremony's"}`,
        );
      return circuit;
    }),
  );
  return {
    program: programOfSuite(deployment),
    sequencer: (submitter) => validityLedger({ domain, size, submitter }),
    machine: undefined,
    validity: { domain, size, prover: (isOnL1) => circuits[isOnL1 ? 0 : 1]!.get() },
    close() {
      for (const circuit of circuits) circuit.close();
    },
  };
}

/** What a suite with validity proofs is deployed with. */
interface DeploymentKeys {
  keys: ValidityKeys;
  program: MachineProgram;
}

/** What the parameters' suite is deployed with. */
export async function programFor(
  parameters: RollupParameters | { proof: "fraud" },
  l1ChainId: bigint,
  options: ProofOptions,
): Promise<{ program: MachineProgram; keys?: ValidityKeys }> {
  if (!("slots" in parameters) || parameters.proof === "fraud") return { program: readProgramFacts("ledger") };
  return keysFor(parameters, l1ChainId, options);
}

function circuitOf(
  shape: CircuitShape,
  isChecked: boolean,
  { ceremony, ...work }: ProofOptions,
): Promise<CircuitFiles> {
  if (ceremony === undefined) return developmentCircuit(shape, work);
  const files = shape.isOnL1 ? ceremony.onL1 : ceremony.withCommittee;
  if (files === undefined)
    throw new HardhatPluginError(
      "hardhat-rollup",
      "the ceremony file has no withCommittee, the circuit for data with it",
    );
  return ceremonyCircuit(shape, files, isChecked, work);
}

/** Keys for a chain that is local, or those of a ceremony. */
async function keysFor(
  parameters: RollupParameters,
  l1ChainId: bigint,
  options: ProofOptions,
): Promise<DeploymentKeys> {
  if (options.ceremony === undefined && !LOCAL_CHAIN_IDS.includes(l1ChainId))
    throw new HardhatPluginError(
      "hardhat-rollup",
      `chain ${l1ChainId} is not local (${LOCAL_CHAIN_IDS.join(", ")}): validity proofs need the keys of a ceremony there; name its file by --ceremony`,
    );
  const size = sizeOf(parameters);
  const { vkey: onL1 } = await circuitOf({ ...size, isOnL1: true }, true, options);
  if (parameters.da !== "committee") return deploymentKeys({ onL1 });
  const { vkey: withCommittee } = await circuitOf({ ...size, isOnL1: false }, true, options);
  return deploymentKeys({ onL1, withCommittee });
}

function deploymentKeys(keys: ValidityKeys): DeploymentKeys {
  return { keys, program: circuitProgram(programIdOf(keys.onL1) as Hex) };
}
