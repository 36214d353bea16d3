import { readFile } from "node:fs/promises";

import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";

import { isMissing, writeFileAtomically } from "../../deploy/address-book.js";
import type { Hex } from "../../plugin/types.js";
import { type CodeFacts, type CompiledContract, factsOf, isCodeOf, packagedFacts } from "../../plugin/upgrade/facts.js";
import type { AstNode } from "../../plugin/upgrade/layout.js";
import {
  L1EscrowBridge__factory,
  SequencerRegistry__factory,
  StateCommitmentChain__factory,
} from "../../typechain-types/index.js";
import { ArgumentError } from "../support/action.js";

/** A contract that can be created, with what is compared of it. */
export interface Creatable {
  facts: CodeFacts;
  abi: CompiledContract["abi"];
  bytecode: Hex;
}

/** Contracts whose functions and storage are known: of this package, of the project, and those of earlier proposals. */
export interface KnownCode {
  /** What is at an address, by its runtime code and the hash of that; undefined when nobody knows. */
  ofCode(code: Hex, codeHash: Hex): Promise<CodeFacts | undefined>;
  /** A contract of the project, or of this package. @throws {ArgumentError} when there is none. */
  named(name: string): Promise<Creatable>;
  /** Keeps what was proposed, for when its source has changed. */
  remember(codeHash: Hex, facts: CodeFacts): Promise<void>;
}

type Artifact = CompiledContract & { bytecode: string; deployedLinkReferences: object };

/** @param path File of what was proposed; undefined where nothing is kept. */
export function knownCode({ artifacts }: HardhatRuntimeEnvironment, path: string | undefined): KnownCode {
  const read = async (name: string) => (await artifacts.readArtifact(name)) as unknown as Artifact;

  async function treesOf(name: string): Promise<Record<string, AstNode>> {
    const id = await artifacts.getBuildInfoId(name);
    const output = id === undefined ? undefined : await artifacts.getBuildInfoOutputPath(id);
    if (output === undefined)
      throw new ArgumentError("contract", `the compiler's output for ${name} is gone; run npx hardhat build --force`);
    const { sources } = (JSON.parse(await readFile(output, "utf8")) as Output).output;
    return Object.fromEntries(Object.entries(sources).map(([source, { ast }]) => [source, ast]));
  }

  async function records(): Promise<Record<string, CodeFacts>> {
    if (path === undefined) return {};
    try {
      return JSON.parse(await readFile(path, "utf8")) as Record<string, CodeFacts>;
    } catch (error) {
      if (isMissing(error)) return {};
      throw error;
    }
  }

  return {
    async ofCode(code, codeHash) {
      const kept = (await records())[codeHash] ?? packagedFacts().find((facts) => isCodeOf(facts, code));
      if (kept !== undefined) return kept;
      for (const name of await artifacts.getAllFullyQualifiedNames()) {
        const artifact = await read(name);
        if (artifact.deployedBytecode.length !== code.length) continue;
        const facts = factsOf(artifact, await treesOf(name));
        if (isCodeOf(facts, code)) return facts;
      }
      return undefined;
    },

    async named(name) {
      if (!(await artifacts.artifactExists(name))) return packaged(name);
      const artifact = await read(name);
      if (Object.keys(artifact.deployedLinkReferences).length > 0) {
        throw new ArgumentError(
          "contract",
          `${name} is linked to libraries, whose code it would delegate to; make their functions internal`,
        );
      }
      return { facts: factsOf(artifact, await treesOf(name)), abi: artifact.abi, bytecode: artifact.bytecode as Hex };
    },

    async remember(codeHash, facts) {
      if (path === undefined) return;
      const all = { ...(await records()), [codeHash]: facts };
      await writeFileAtomically(path, `${JSON.stringify(all, undefined, 2)}\n`);
    },
  };
}

interface Output {
  output: { sources: Record<string, { ast: AstNode }> };
}

const PACKAGED = [L1EscrowBridge__factory, StateCommitmentChain__factory, SequencerRegistry__factory];

function packaged(name: string): Creatable {
  const all = packagedFacts();
  const position = all.findIndex((facts) => facts.name === name);
  const [facts, factory] = [all[position], PACKAGED[position]];
  if (facts === undefined || factory === undefined) {
    throw new ArgumentError(
      "contract",
      `there is no compiled contract ${name}; compile it by npx hardhat build, or name another`,
    );
  }
  return { facts, abi: factory.abi, bytecode: factory.bytecode };
}
