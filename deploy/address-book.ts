import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname } from "node:path";

import { getAddress, isAddress, isHexString } from "ethers";

import type {
  ContractName,
  ContractRecord,
  Deployment,
  Hex,
  MachineProgram,
  MemberUrls,
  OptionalContractName,
  RollupParameters,
  SuiteContracts,
  ValidityKeys,
} from "../plugin/types.js";
import { isServerUrl } from "../plugin/da/committee/directory.js";
import { readHeader } from "../plugin/ledger/header.js";
import { absentParameter, hasParameter, PARAMETER_NAMES, PARAMETERS } from "./parameters.js";

const CONTRACT_NAMES: readonly ContractName[] = [
  "L1EscrowBridge",
  "StateCommitmentChain",
  "SequencerRegistry",
  "DataAvailability",
  "StateProof",
  "UpgradeTimelock",
  "SuiteFactory",
];

const VALIDITY_CONTRACTS = ["Poseidon", "StatementDA", "ValidityVerifier", "ValidityResolver"] as const;

/** The contracts that a suite has. */
export function contractNames({
  proof,
  da,
  council,
}: Pick<RollupParameters, "proof" | "da" | "council">): readonly (ContractName | OptionalContractName)[] {
  return [
    ...CONTRACT_NAMES,
    ...(council.length === 0 ? [] : (["BugEvidence"] as const)),
    ...(proof === "fraud" ? (["DisputeGame", "OneStepVerifier"] as const) : VALIDITY_CONTRACTS),
    ...(proof === "validity" && da === "committee" ? (["CommitteeVerifier"] as const) : []),
    ...(da === "committee" ? (["DataAvailabilityCommittee"] as const) : []),
    ...(proof === "fraud" && da === "committee" ? (["AvailabilityChallenge"] as const) : []),
  ];
}

/** The address book cannot be used; the message is one line. */
export class AddressBookError extends Error {
  constructor(
    readonly path: string,
    readonly reason: string,
    /** There is no file at all. */
    readonly missing = false,
  ) {
    super(`${path}: ${reason}`);
    this.name = "AddressBookError";
  }
}

/** JSON text with bigints as decimal strings. */
export function serializeDeployment(deployment: Deployment): string {
  return toJson(deployment);
}

/** Pretty JSON with bigints as decimal strings, and a last newline. */
export function toJson(value: unknown): string {
  return `${JSON.stringify(value, (_key, item: unknown) => (typeof item === "bigint" ? item.toString() : item), 2)}\n`;
}

/**
 * The opposite of {@link serializeDeployment}.
 * @param path Named in errors.
 * @throws {AddressBookError} naming the first field that is wrong.
 */
export function parseDeployment(text: string, path: string): Deployment {
  const { book, fail } = parseBook(text, path);
  const given: Record<string, bigint | string | readonly Hex[]> = {};
  const fields = book.object("parameters");
  for (const name of PARAMETER_NAMES) {
    const { kind } = PARAMETERS[name];
    if (kind === "choice") given[name] = fields.text(name);
    else if (!hasParameter(name, given)) given[name] = absentParameter(name);
    else if (kind === "address") given[name] = fields.address(name);
    else if (kind === "members" || kind === "accounts") given[name] = fields.addresses(name);
    else given[name] = fields.bigint(name);
  }
  const parameters = given as unknown as RollupParameters;
  const header = book.object("genesis");
  const contracts = book.object("contracts");
  return {
    version: 1,
    network: book.text("network"),
    l1ChainId: book.bigint("l1ChainId"),
    parameters,
    program: parseProgram(book.object("program")),
    ...(book.has("keys") ? { keys: book.raw("keys") as ValidityKeys } : {}),
    ...(book.has("salt") ? { salt: book.hash("salt") } : {}),
    fromBlock: book.bigint("fromBlock"),
    genesis: readHeader({ integer: header.bigint, address: header.address, hash: header.hash }),
    contracts: Object.fromEntries(
      contractNames(parameters).map((name) => [name, parseRecord(contracts.object(name))]),
    ) as SuiteContracts,
    ...(book.has("memberUrls") ? { memberUrls: parseUrls(book.object("memberUrls"), fail) } : {}),
  };
}

/** @throws {AddressBookError} when there is no readable book at `path`. */
export async function readDeployment(path: string): Promise<Deployment> {
  return parseDeployment(await readBook(path, "rollup:deploy"), path);
}

export async function writeDeployment(path: string, deployment: Deployment): Promise<void> {
  await writeFileAtomically(path, serializeDeployment(deployment));
}

/** Writes so that a crash leaves the old content or the new, never a part. */
export async function writeFileAtomically(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const draft = `${path}.${process.pid}.tmp`;
  await writeFile(draft, text, { flush: true });
  await rename(draft, path);
}

/** An address book of version 1, and what throws {@link AddressBookError} of it. */
export function parseBook(text: string, path: string): { book: Reader; fail: (reason: string) => never } {
  const fail = (reason: string): never => {
    throw new AddressBookError(path, reason);
  };
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return fail("is not JSON; deploy again or restore the file");
  }
  const book = reader(json, "", fail);
  if (book.raw("version") !== 1)
    fail(`version is ${JSON.stringify(book.raw("version"))}; this release reads version 1`);
  return { book, fail };
}

/** @param task Writes the book. @throws {AddressBookError} when there is nothing to read at `path`. */
export async function readBook(path: string, task: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (isMissing(error))
      throw new AddressBookError(path, `there is no address book; run ${task} on this network first`, true);
    throw new AddressBookError(path, `cannot be read (${(error as NodeJS.ErrnoException).code ?? String(error)})`);
  }
}

export function isMissing(error: unknown): boolean {
  return error instanceof Error && (error as NodeJS.ErrnoException).code === "ENOENT";
}

export interface Reader {
  raw: (key: string) => unknown;
  text: (key: string) => string;
  bigint: (key: string) => bigint;
  count: (key: string) => number;
  address: (key: string) => Hex;
  addresses: (key: string) => Hex[];
  keys: () => string[];
  hash: (key: string) => Hex;
  object: (key: string) => Reader;
  has: (key: string) => boolean;
}

export function reader(value: unknown, at: string, fail: (reason: string) => never): Reader {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return fail(`${at === "" ? "the file" : at} is not an object`);
  }
  const record = value as Record<string, unknown>;
  const name = (key: string) => (at === "" ? key : `${at}.${key}`);
  const self: Reader = {
    has: (key) => record[key] !== undefined,
    raw: (key) => record[key],
    text: (key) => {
      const item = record[key];
      return typeof item === "string" ? item : fail(`${name(key)} is missing`);
    },
    bigint: (key) => {
      const item = record[key];
      return typeof item === "string" && /^\d+$/.test(item)
        ? BigInt(item)
        : fail(`${name(key)} is not a decimal number in quotes`);
    },
    count: (key) => {
      const item = record[key];
      return Number.isSafeInteger(item) && (item as number) >= 0
        ? (item as number)
        : fail(`${name(key)} is not a whole number`);
    },
    address: (key) => {
      const item = record[key];
      return typeof item === "string" && isAddress(item)
        ? (getAddress(item) as Hex)
        : fail(`${name(key)} is not an address`);
    },
    addresses: (key) => {
      const list = record[key];
      return Array.isArray(list) && list.every((item) => isAddress(item))
        ? list.map((item) => getAddress(item) as Hex)
        : fail(`${name(key)} is no list of addresses`);
    },
    keys: () => Object.keys(record),
    hash: (key) => {
      const item = record[key];
      return isHexString(item, 32) ? item : fail(`${name(key)} is not a 32-byte hash`);
    },
    object: (key) => reader(record[key], name(key), fail),
  };
  return self;
}

function parseUrls(urls: Reader, fail: (reason: string) => never): MemberUrls {
  return Object.fromEntries(
    urls.keys().map((member) => {
      const url = urls.text(member);
      if (!isAddress(member) || !isServerUrl(url))
        fail(`memberUrls.${member} is no address with the http URL of a server`);
      return [getAddress(member), url];
    }),
  );
}

function parseProgram(program: Reader): MachineProgram {
  return {
    machineHash: program.hash("machineHash"),
    codeRoot: program.hash("codeRoot"),
    memoryRoot0: program.hash("memoryRoot0"),
    entryPc: program.count("entryPc"),
    pages: program.count("pages"),
    maxPages: program.count("maxPages"),
    version: program.count("version"),
  };
}

export function parseRecord(record: Reader): ContractRecord {
  const implementation = record.has("implementation") ? record.object("implementation") : undefined;
  return {
    address: record.address("address"),
    codeHash: record.hash("codeHash"),
    ...(implementation === undefined
      ? {}
      : { implementation: { address: implementation.address("address"), codeHash: implementation.hash("codeHash") } }),
    ...(record.has("proxyAdmin") ? { proxyAdmin: record.address("proxyAdmin") } : {}),
    transaction: record.hash("transaction"),
  };
}
