import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { Worker } from "node:worker_threads";

import { getAddress, type Provider } from "ethers";

const require = createRequire(import.meta.url);

/** A chain that no explorer of the world has, and that is not a development chain, for which Hardhat asks none. */
export const CHAIN = 4_242_424_242;

/** What explorers are sent, whichever they are. */
export interface Submission {
  explorer: "etherscan" | "blockscout" | "sourcify";
  address: string;
  /** `source:Name`. */
  contract: string;
  compiler: string;
  input: { settings: Record<string, unknown>; sources: Record<string, { content: string }> };
  /** Not of Sourcify, which finds them. */
  constructorArguments?: string;
  creationTransaction?: string;
}

export interface Explorers {
  url: string;
  submissions: Submission[];
  /** What is wrong with a submission; by default what is true. */
  judge: (submission: Submission) => Promise<string | undefined>;
  close(): Promise<void>;
}

/** Etherscan (v2), Blockscout and Sourcify (v2) in one server: each has the part of its API that Hardhat's verification uses. */
export async function startExplorers(provider: Provider): Promise<Explorers> {
  const submissions: Submission[] = [];
  const verified = new Set<string>();
  const results = new Map<string, string | undefined>();

  async function submit(submission: Submission): Promise<string> {
    submissions.push(submission);
    const problem = await explorers.judge(submission);
    if (problem === undefined) verified.add(`${submission.explorer} ${getAddress(submission.address)}`);
    const id = String(submissions.length);
    results.set(id, problem);
    return id;
  }
  const isVerified = (explorer: string, address: string) => verified.has(`${explorer} ${getAddress(address)}`);

  async function etherscanOrBlockscout(explorer: "etherscan" | "blockscout", url: URL, body: string): Promise<Answer> {
    const query = (name: string) => url.searchParams.get(name) ?? "";
    if (explorer === "etherscan" && (query("apikey") !== "key" || query("chainid") !== String(CHAIN)))
      return { status: "0", result: "Invalid API Key" };
    if (query("action") === "getsourcecode")
      return { status: "1", result: [{ SourceCode: isVerified(explorer, query("address")) ? "contract …" : "" }] };
    if (query("action") === "checkverifystatus") {
      const problem = results.get(query("guid"));
      const isOk = problem === undefined || explorer === "blockscout";
      return { status: isOk ? "1" : "0", result: problem ?? "Pass - Verified" };
    }
    const form = new URLSearchParams(body);
    const field = (name: string) => form.get(name) ?? "";
    const guid = await submit({
      ...{ explorer, address: field("contractaddress"), contract: field("contractname") },
      ...{ compiler: field("compilerversion"), constructorArguments: `0x${field("constructorArguments")}` },
      input: JSON.parse(field("sourceCode")) as Submission["input"],
    });
    return { status: "1", message: "OK", result: guid };
  }

  async function sourcify(url: URL, body: string): Promise<Answer> {
    const [, , , what = "", chain = "", address = ""] = url.pathname.split("/");
    const found = (match: boolean) => {
      const level = match ? "match" : null;
      return { match: level, creationMatch: level, runtimeMatch: level, chainId: chain, address };
    };
    if (what === "contract") return found(isVerified("sourcify", address));
    if (address === "") {
      const problem = results.get(chain);
      const contract = found(problem === undefined);
      const error = { customCode: "no_match", message: problem, errorId: "1" };
      return {
        ...{ isJobCompleted: true, verificationId: chain, jobStartTime: "now", contract },
        ...(problem === undefined ? {} : { error }),
      };
    }
    const { stdJsonInput, contractIdentifier, compilerVersion, creationTransactionHash } = JSON.parse(body) as {
      stdJsonInput: Submission["input"];
      contractIdentifier: string;
      compilerVersion: string;
      creationTransactionHash?: string;
    };
    const verificationId = await submit({
      ...{
        explorer: "sourcify",
        address,
        contract: contractIdentifier,
        compiler: compilerVersion,
        input: stdJsonInput,
      },
      ...(creationTransactionHash === undefined ? {} : { creationTransaction: creationTransactionHash }),
    });
    return { verificationId };
  }

  async function answer(request: IncomingMessage): Promise<Answer> {
    const url = new URL(request.url ?? "/", "http://explorer");
    const body = await textOf(request);
    if (url.pathname.startsWith("/sourcify/")) return sourcify(url, body);
    return etherscanOrBlockscout(url.pathname === "/etherscan" ? "etherscan" : "blockscout", url, body);
  }
  const server = createServer((request, response) => {
    const send = (status: number, value: Answer) =>
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
    answer(request).then(
      (value) => send(value.match === null ? 404 : 200, value),
      (error: unknown) => send(500, { status: "0", result: String(error) }),
    );
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address() as AddressInfo;
  const creations = await creationsOn(provider);
  const explorers: Explorers = {
    url: `http://127.0.0.1:${port.toString()}`,
    submissions,
    judge: (submission) => judge(submission, creations, provider),
    close: () =>
      new Promise((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      }),
  };
  return explorers;
}

type Answer = Record<string, unknown>;

async function textOf(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request) text += String(chunk);
  return text;
}

/** What created each contract that a transaction of its own created. */
async function creationsOn(provider: Provider): Promise<ReadonlyMap<string, string>> {
  const creations = new Map<string, string>();
  const head = await provider.getBlockNumber();
  for (let number = 0; number <= head; number++) {
    const block = await provider.getBlock(number, true);
    for (const { hash, data } of block?.prefetchedTransactions ?? []) {
      const created = (await provider.getTransactionReceipt(hash))?.contractAddress;
      if (created !== null && created !== undefined) creations.set(getAddress(created), data);
    }
  }
  return creations;
}

/** Contracts that an explorer really compiles here, because they are small; all of them behind ROLLUP_TEST_LONG. */
const COMPILED = ["CalldataDA", "TransparentUpgradeableProxy"];

async function judge(
  { address, contract, compiler, input, constructorArguments }: Submission,
  creations: ReadonlyMap<string, string>,
  provider: Provider,
): Promise<string | undefined> {
  if (!/^v0\.8\.30\+commit\.[0-9a-f]{8}$/.test(compiler)) return `Invalid compiler version ${compiler}`;
  for (const [source, { content }] of Object.entries(input.sources)) {
    const path = source.replace(/^project\//, "").replace(/^npm\/(@?[^@]+)@[\d.]+/, "node_modules/$1");
    if ((await readFile(path, "utf8")) !== content) return `${source} is not ${path}`;
  }
  const [source = "", name = ""] = contract.split(":");
  if (input.sources[source] === undefined) return `Fail - Unable to verify: no ${source}`;
  const sent = creations.get(getAddress(address));
  if (sent !== undefined && constructorArguments !== undefined) {
    const artifact = join("artifacts", source.replace(/^project\//, ""), `${name}.json`);
    const { bytecode } = JSON.parse(await readFile(artifact, "utf8")) as { bytecode: string };
    if (sent !== `${bytecode}${constructorArguments.slice(2)}`) return `Fail - Unable to verify: not what created it`;
  }
  if (!COMPILED.includes(name) && process.env.ROLLUP_TEST_LONG !== "1") return undefined;
  const { object, immutableReferences } = await compile(input, source, name);
  const mask = (code: string): string =>
    Object.values(immutableReferences)
      .flat()
      .reduce(
        (text, { start, length }) =>
          text.slice(0, 2 + 2 * start) + "0".repeat(2 * length) + text.slice(2 + 2 * (start + length)),
        code,
      );
  const code = await provider.getCode(address);
  return mask(code) === mask(`0x${object}`) ? undefined : "Fail - Unable to verify: compiled to other code";
}

interface Compiled {
  object: string;
  immutableReferences: Record<string, { start: number; length: number }[]>;
}

const compiled = new Map<string, Compiled>();

/** A suite has three proxies of one code. */
async function compile(input: Submission["input"], source: string, name: string): Promise<Compiled> {
  const outputSelection = { [source]: { [name]: ["evm.deployedBytecode"] } };
  const given = JSON.stringify({ ...input, settings: { ...input.settings, outputSelection } });
  const known = compiled.get(given);
  if (known !== undefined) return known;
  const { contracts } = JSON.parse(await runSolc(given)) as {
    contracts: Record<string, Record<string, { evm: { deployedBytecode: Compiled } }>>;
  };
  const code = contracts[source]![name]!.evm.deployedBytecode;
  compiled.set(given, code);
  return code;
}

/** In a thread: while this one computes, connections that wait would time out. */
async function runSolc(input: string): Promise<string> {
  const program = `const { parentPort, workerData } = require("node:worker_threads");
parentPort.postMessage(require(workerData.solc).compile(workerData.input));`;
  const worker = new Worker(program, { eval: true, workerData: { solc: require.resolve("solc"), input } });
  const [output] = (await once(worker, "message")) as [string];
  await worker.terminate();
  return output;
}
