import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import { AbiCoder, type AddressLike, keccak256, resolveAddress, toBeHex } from "ethers";
import hre, { network } from "hardhat";

import { memoryJournal } from "../../deploy/journal.js";
import { resolveParameters, type RollupParametersInput } from "../../deploy/parameters.js";
import { deploySuite } from "../../deploy/suite.js";
import { circuitProgram } from "../../plugin/l1/program.js";
import { readProgramFacts } from "../../plugin/machine/artifacts.js";
import { programIdOf } from "../../plugin/prover/encode.js";
import type { Drilled } from "../../plugin/stage/criteria.js";
import { evaluate } from "../../plugin/stage/evaluate.js";
import { readFacts, type SuiteFacts } from "../../plugin/stage/facts.js";
import { lookAt } from "../../plugin/stage/look.js";
import type { Finding, StageReport } from "../../plugin/stage/types.js";
import type { Deployment, Hex, ValidityKeys } from "../../plugin/types.js";
import { runDrills } from "../../tasks/stage/drills.js";
import { sceneOf } from "../../tasks/stage/scene.js";

/** ERC-1967. */
const IMPLEMENTATION_SLOT = "0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc";

export interface Staged {
  connection: Awaited<ReturnType<typeof network.create>>;
  deployment: Deployment;
  signers: HardhatEthersSigner[];
  /** As it was deployed. */
  facts: SuiteFacts;
  report: (options?: ReportOptions) => Promise<StageReport>;
  /** Does something, and takes it back. */
  undone: <T>(work: () => Promise<T>) => Promise<T>;
  setCode: (address: string, code: string) => Promise<void>;
  /** Puts the code of a contract in the place of another's. */
  setCodeOf: (address: string, from: AddressLike) => Promise<void>;
  setStorage: (address: string, slot: string, value: bigint | string) => Promise<void>;
  /** Gives a proxy other code, as an upgrade would. */
  upgrade: (proxy: string, implementation: AddressLike) => Promise<void>;
}

export interface ReportOptions {
  /** Default: that of the suite. */
  bridge?: Hex;
  book?: Deployment;
  /** Drills that are run; default: none. */
  drills?: readonly Drilled[] | "all";
}

/** A suite with the mainnet preset, which is what it is held against. */
export async function deployStaged(input: RollupParametersInput = {}, keys?: ValidityKeys): Promise<Staged> {
  const connection = await network.create();
  const { ethers } = connection;
  const signers = await ethers.getSigners();
  const [signer] = signers;
  if (signer === undefined) throw new Error("the network has no accounts");
  const given = { l2ChainId: 42_170_001n, ...input };
  const context = { preset: "mainnet", l1ChainId: 31337n, deployer: signer.address as Hex } as const;
  const parameters = resolveParameters(given, context);
  const ledger = readProgramFacts("ledger");
  const program = keys === undefined ? ledger : circuitProgram(programIdOf(keys.onL1) as Hex);
  const { deployment } = await deploySuite({
    ...{ network: "test", parameters, program, signer, bond: true, journal: memoryJournal(), restartOnNewChain: true },
    ...(keys === undefined ? {} : { keys }),
  });
  const bridge = deployment.contracts.L1EscrowBridge.address;
  const send = (method: string, params: unknown[]) => ethers.provider.send(method, params) as Promise<unknown>;
  const staged: Omit<Staged, "facts"> = {
    ...{ connection, deployment, signers },
    async report({ book, drills = [], bridge: named = bridge } = {}) {
      const look = await lookAt(await readFacts(ethers.provider, named), ledger.machineHash, book);
      const scene = sceneOf(connection, look, {
        ...{ blobSources: [], members: { urls: {} }, cache: hre.config.rollup.cache },
      });
      if (drills.length === 0) return evaluate(look, undefined);
      return evaluate(look, await runDrills({ scene, only: drills === "all" ? undefined : new Set(drills) }));
    },
    async undone(work) {
      const id = await send("evm_snapshot", []);
      try {
        return await work();
      } finally {
        await send("evm_revert", [id]);
      }
    },
    setCode: async (address, code) => void (await send("hardhat_setCode", [address, code])),
    async setCodeOf(address, from) {
      await send("hardhat_setCode", [address, await ethers.provider.getCode(await resolveAddress(from))]);
    },
    setStorage: async (address, slot, value) =>
      void (await send("hardhat_setStorageAt", [address, slot, toBeHex(value, 32)])),
    async upgrade(proxy, implementation) {
      await send("hardhat_setStorageAt", [
        proxy,
        IMPLEMENTATION_SLOT,
        toBeHex(await resolveAddress(implementation), 32),
      ]);
    },
  };
  return { ...staged, facts: await readFacts(ethers.provider, bridge) };
}

/** Ids of what failed, in the order of the report. */
export function failing({ findings }: StageReport): string[] {
  return findings.filter(({ result }) => result === "fail").map(({ id }) => id);
}

export function finding({ findings }: StageReport, id: string): Finding {
  const found = findings.find((each) => each.id === id);
  if (found === undefined) throw new Error(`the report has no ${id}`);
  return found;
}

/** Slot of `mapping(key => …)` at `slot`. */
export function slotOf(type: string, key: string | bigint, slot: string | bigint): Hex {
  return keccak256(AbiCoder.defaultAbiCoder().encode([type, "uint256"], [key, slot])) as Hex;
}
