import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";
import type { NetworkConnection } from "hardhat/types/network";

import type { SourceOfContract } from "../../deploy/sources.js";
import { ArgumentError } from "./action.js";

const EXPLORERS = ["etherscan", "blockscout", "sourcify"] as const;
export type Explorer = (typeof EXPLORERS)[number];

/** What an explorer said of a contract. */
export interface Verdict {
  outcome: "verified" | "already verified" | "failed";
  /** Of a failure, in one line. */
  reason?: string;
}

/** An explorer that answers for no contract: it need not be asked for the next. */
export class ExplorerError extends Error {
  override readonly name = "ExplorerError";
  constructor(
    readonly explorer: Explorer,
    /** It does not have this chain. */
    readonly isOfOtherChains: boolean,
    message: string,
  ) {
    super(message);
  }
}

/** Shows one contract to one explorer. @throws {ExplorerError} */
export type Show = (source: SourceOfContract & { contract: string }, explorer: Explorer) => Promise<Verdict>;

/** The part of Hardhat's config that its own verification adds. */
type VerifyConfig = Partial<Record<Explorer, { enabled: boolean; apiKey?: { get(): Promise<string> } }>>;

/** @throws {ArgumentError} for a name that is no explorer, or when none is left. */
export async function explorersOf(hre: HardhatRuntimeEnvironment, named: string | undefined): Promise<Explorer[]> {
  const { verify } = hre.config as { verify?: VerifyConfig };
  if (verify === undefined) throw missingPlugin();
  if (named !== undefined) {
    const names = named.split(",").map((name) => name.trim());
    const other = names.find((name) => !(EXPLORERS as readonly string[]).includes(name));
    if (other === undefined) return names as Explorer[];
    throw new ArgumentError("explorers", `--explorers ${other} is unknown; there are ${EXPLORERS.join(", ")}`);
  }
  const usable = await Promise.all(
    EXPLORERS.map(async (name) => {
      const config = verify[name];
      if (config?.enabled !== true) return [];
      // Etherscan alone wants a key.
      return name === "etherscan" && (await config.apiKey?.get()) === "" ? [] : [name];
    }),
  );
  const explorers = usable.flat();
  if (explorers.length > 0) return explorers;
  throw new ArgumentError("explorers", "every explorer is switched off in `verify` of the Hardhat config");
}

function missingPlugin(): ArgumentError {
  return new ArgumentError(
    "explorers",
    "rollup:verify needs the plugin @nomicfoundation/hardhat-verify: npm install --save-dev it, and name it in `plugins` of the Hardhat config",
  );
}

/**
 * Hardhat's own verification, with this package's build in the place of the project's: what was deployed is the bytecode that the package
 * ships, whatever a project compiles, with whichever settings.
 * @throws {ArgumentError} when it is not installed.
 */
export async function openExplorers(hre: HardhatRuntimeEnvironment, connection: NetworkConnection): Promise<Show> {
  const verifyContract = await loadVerification();
  const build = JSON.parse(readFileSync(pathOf("suite.json"), "utf8")) as SuiteBuild;
  return async ({ address, contract, constructorArguments, transaction }, explorer) => {
    const found = Object.entries(build.userSourceNameMap).find(([name]) => name.endsWith(`/${contract}.sol`));
    if (found === undefined) return { outcome: "failed", reason: `the package has no source of ${contract}` };
    const [sourceName, inputName] = found;
    const input = { address, constructorArgs: constructorArguments, contract: `${sourceName}:${contract}` };
    const environment = environmentOf(hre, connection, build, inputName);
    try {
      const told = await quietly(() =>
        verifyContract(
          { ...input, provider: explorer, ...(transaction === undefined ? {} : { creationTxHash: transaction }) },
          environment,
        ),
      );
      return { outcome: ALREADY.test(told) ? "already verified" : "verified" };
    } catch (error) {
      const reason = (error instanceof Error ? error.message : String(error)).replaceAll(/\s+/g, " ").trim();
      if (OTHER_CHAINS.test(reason) || DOWN.test(reason))
        throw new ExplorerError(explorer, OTHER_CHAINS.test(reason), reason);
      return ALREADY.test(reason) ? { outcome: "already verified" } : { outcome: "failed", reason };
    }
  };
}

const ALREADY = /already (been )?verified/i;
/** Hardhat's errors NETWORK_NOT_SUPPORTED and BLOCK_EXPLORER_NOT_CONFIGURED. */
const OTHER_CHAINS = /^HHE800(00|27)\b/;
/** Hardhat's errors EXPLORER_REQUEST_FAILED and EXPLORER_API_KEY_EMPTY. */
const DOWN = /^HHE800(01|29)\b/;

async function loadVerification() {
  try {
    return (await import("@nomicfoundation/hardhat-verify/verify")).verifyContract;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_MODULE_NOT_FOUND") throw missingPlugin();
    throw error;
  }
}

/** It prints for people, whoever calls; a task has its own lines, and in JSON mode nothing else on stdout. */
async function quietly(work: () => Promise<unknown>): Promise<string> {
  const original = console.log;
  let text = "";
  console.log = (...parts: unknown[]) => {
    text += `${parts.join(" ")}\n`;
  };
  try {
    await work();
  } finally {
    console.log = original;
  }
  return text;
}

/** What scripts/build-verification.mjs wrote: Hardhat's build info, and who imports whom. */
interface SuiteBuild {
  id: string;
  solcVersion: string;
  userSourceNameMap: Readonly<Record<string, string>>;
  imports: Readonly<Record<string, readonly string[]>>;
  input: CompilerInput;
}

interface CompilerInput {
  settings: object;
  sources: Readonly<Record<string, { content: string }>>;
}

/** The environment as verification asks it about one contract. */
function environmentOf(
  hre: HardhatRuntimeEnvironment,
  connection: NetworkConnection,
  build: SuiteBuild,
  source: string,
): HardhatRuntimeEnvironment {
  const artifacts = extended(hre.artifacts, {
    artifactExists: () => Promise.resolve(true),
    getBuildInfoId: () => Promise.resolve(build.id),
    getBuildInfoPath: () => Promise.resolve(pathOf("suite.json")),
    getBuildInfoOutputPath: () => Promise.resolve(pathOf("suite.output.json")),
  });
  const solidity = extended(hre.solidity, {
    getCompilationJobs: ([root]: string[]) => {
      const job = { getSolcInput: () => Promise.resolve(inputOf(build, source)) };
      return Promise.resolve({ success: true, compilationJobsPerFile: new Map([[root, job]]) });
    },
  });
  const { globalOptions, config } = hre;
  const profile = globalOptions.buildProfile ?? "production";
  const compilers = [{ version: build.solcVersion, settings: build.input.settings }];
  return extended(hre, {
    artifacts,
    solidity,
    network: extended(hre.network, { create: () => Promise.resolve(connection) }),
    config: extended(config, {
      solidity: { ...config.solidity, profiles: { [profile]: { compilers, overrides: {} } } },
    }),
  });
}

/** The same with other members. */
function extended<T extends object>(original: T, members: object): T {
  return Object.create(original, propertiesOf(members)) as T;
}

function propertiesOf(members: object): PropertyDescriptorMap {
  return Object.fromEntries(Object.entries(members).map(([name, value]) => [name, { value: value as unknown }]));
}

/** The compiler's input with what one source needs, and no more. */
function inputOf({ input, imports }: SuiteBuild, source: string): CompilerInput {
  const needed = new Set<string>();
  const add = (name: string): void => {
    if (needed.has(name)) return;
    needed.add(name);
    imports[name]?.forEach(add);
  };
  add(source);
  return { ...input, sources: Object.fromEntries(Object.entries(input.sources).filter(([name]) => needed.has(name))) };
}

// In a checkout the build writes build/; the package carries the same files beside its JavaScript.
const FOLDERS = ["../../build/verification", "../../verification"];

function pathOf(name: string): string {
  const paths = FOLDERS.map((folder) => join(fileURLToPath(new URL(folder, import.meta.url)), name));
  const found = paths.find((path) => existsSync(path));
  if (found === undefined) throw new Error(`verification/${name} is missing: run "npm run build"`);
  return found;
}
