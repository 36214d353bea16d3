import { join } from "node:path";

import { AbiCoder, formatEther, keccak256, type Signer } from "ethers";

import { formatTime, parseTime } from "../deploy/parameters.js";
import { type AnswerEvent, answerDemands, patienceOf } from "../plugin/da/committee/answers.js";
import type { DigestSigner } from "../plugin/da/committee/attestation.js";
import { blsMemberOf, signBls } from "../plugin/da/committee/bls.js";
import { type CommitteeOnL1, findCommittee, memberL1 } from "../plugin/da/committee/l1.js";
import { createMember, type Member } from "../plugin/da/committee/member.js";
import { servingTime } from "../plugin/da/committee/posting.js";
import { rootOfSuite } from "../plugin/da/committee/root.js";
import { type MemberEvent, serveMember } from "../plugin/da/committee/server.js";
import { claimVault, openVault, vaultJournal } from "../plugin/da/committee/vault.js";
import { connectL1, type L1Client } from "../plugin/l1/client.js";
import { createSender } from "../plugin/l1/sender.js";
import { headerHash } from "../plugin/ledger/hashes.js";
import { openLevelStore } from "../plugin/store/level.js";
import type { Store } from "../plugin/store/types.js";
import { type Hex, ZERO_ADDRESS } from "../plugin/types.js";
import { action, ArgumentError, type CommonArguments } from "./support/action.js";
import { portArgument } from "./support/arguments.js";
import { readKeyFile } from "./support/bls-key.js";
import { explain } from "./support/explain.js";
import { accountOf } from "./support/network.js";
import type { Output } from "./support/output.js";
import { openPlace, type PlaceArguments } from "./support/reconstruction.js";
import { aborted, untilInterrupted } from "./support/signal.js";

interface MemberTaskArguments extends CommonArguments, PlaceArguments {
  from: string | undefined;
  key: string | undefined;
  host: string;
  port: number;
  storage: string | undefined;
  promise: string | undefined;
}

/** Seconds for nodes and clocks that differ. */
const SLACK = 3_600n;
/** Milliseconds between looks for demands on L1. */
const POLL_INTERVAL = 4_000;

export default action<MemberTaskArguments>(async (input, { hre, output }) => {
  const port = portArgument("port", input.port);
  const connection = await hre.network.getOrCreate();
  if (input.from !== undefined && input.key !== undefined)
    throw new ArgumentError("key", "name one of --from, an account that signs, and --key, the file of a BLS key");
  const { client, close } = await openPlace(hre, input, (_, provider, deployment) => ({
    client: connectL1(provider, deployment),
  }));
  const { signal, release } = untilInterrupted();
  /** What is open, in the order of closing. */
  const open: (() => Promise<void>)[] = [];
  try {
    const committee = await findCommittee(client);
    const { signer, address } =
      input.key === undefined ? await accountOf(connection, input.from) : await signerByKey(input.key, committee);
    const maxRetention = promiseArgument(input.promise, client, committee);
    const storage = input.storage ?? join(hre.config.paths.root, ".rollup", `${connection.networkName}-member`);
    const store = await openLevelStore(storage);
    open.unshift(() => store.close());
    await claimVault(store, ownerOf(client, committee, address), storage);

    const l1 = memberL1(client, committee);
    const own = { signer, address, scope: committee.scope, vault: openVault(store), maxRetention };
    const member = createMember({ ...own, l1, rootOf: rootOfSuite(client.parameters) });
    const server = await serveMember({
      ...{ member, host: input.host, port },
      onEvent: (event) => {
        output.line(lineOf(event));
      },
    });
    open.unshift(() => server.close());
    const epoch = await committee.contract.currentEpoch();
    const members = (await l1.members(epoch)) ?? [];
    const isMember = members.includes(address);
    output.line(
      `Member ${address} of the committee of chain ${client.parameters.l2ChainId} at ${server.url}, store in ${storage}; promises to serve data for ${formatTime(maxRetention)} at most`,
    );
    if (!isMember)
      output.line(
        `${address} is none of the ${members.length} members of epoch ${epoch}: it serves what it has, and signs once an epoch names it`,
      );
    const document = {
      ...{ url: server.url, address, committee: committee.scope.committee, storage },
      ...{ epoch, isMember, maxRetention, l2ChainId: client.parameters.l2ChainId },
    };
    output.document(document);
    // A key of BLS is no account: it cannot publish.
    const answering =
      "signDigest" in signer ? Promise.resolve() : answer(client, { signer, store, member, members, signal }, output);
    await Promise.all([aborted(signal), answering]);
    output.line("Stopping; everything signed is on disk.");
    return document;
  } finally {
    release();
    for (const end of open) await end();
    close();
  }
});

interface Answering {
  signer: Signer;
  store: Store;
  member: Member;
  /** Of the current epoch. */
  members: readonly Hex[];
  signal: AbortSignal;
}

/** Publishes on L1 what somebody demands and this member holds, in turn with the others. */
async function answer(client: L1Client, { signer, store, member, members, signal }: Answering, output: Output) {
  const sender = await createSender({ provider: client.provider, signer, journal: vaultJournal(store) });
  const position = Math.max(members.indexOf(member.address), 0);
  await answerDemands({
    ...{ client, sender, signal, pollInterval: POLL_INTERVAL },
    chunkOf: (dataHash, index) => member.chunk(dataHash, index),
    patience: patienceOf(position, Math.max(members.length, 1), client.parameters.answerTime),
    log: (event) => {
      output.line(answerLine(event));
    },
  });
}

/** The member that a key file is in a committee. */
async function signerByKey(path: string, { keys }: CommitteeOnL1): Promise<{ signer: DigestSigner; address: Hex }> {
  if (keys === ZERO_ADDRESS)
    throw new ArgumentError("key", "the members of this committee are accounts: name one by --from instead of --key");
  const { secret, key } = await readKeyFile(path);
  return { signer: { signDigest: (digest) => signBls(secret, digest) }, address: blsMemberOf(keys, key) };
}

/** Longest time for which it promises to serve data, in seconds. */
function promiseArgument(
  given: string | undefined,
  { parameters }: L1Client,
  { disputeDuration }: CommitteeOnL1,
): bigint {
  const asked = servingTime(parameters.challengeWindow, disputeDuration);
  if (given === undefined) return asked + SLACK;
  const seconds = parseTime(given);
  if (seconds === undefined)
    throw new ArgumentError("promise", `--promise ${given} is no time: seconds, or a number with s, m, h, d or w`);
  if (seconds >= asked) return seconds;
  throw new ArgumentError(
    "promise",
    `--promise ${given} is too short: sequencers ask for ${formatTime(asked)} (challengeWindow, the longest dispute and a day), so it would sign nothing`,
  );
}

/** Stands for this member of this rollup; a development chain that was started anew is another one. */
function ownerOf({ deployment }: L1Client, { scope }: CommitteeOnL1, address: Hex): Hex {
  return keccak256(
    AbiCoder.defaultAbiCoder().encode(
      ["uint256", "address", "address", "bytes32", "address"],
      [scope.l1ChainId, scope.committee, scope.bridge, headerHash(deployment.genesis), address],
    ),
  ) as Hex;
}

function answerLine(event: AnswerEvent): string {
  switch (event.kind) {
    case "published":
      return `batch ${event.batchIndex}: chunk ${event.chunk} was demanded, and is published on L1; ${event.gasUsed} gas, the bond is this account's`;
    case "refused":
      return `not published: ${event.reason}`;
    case "poor":
      return `NOT ENOUGH MONEY to publish what is demanded: ${formatEther(event.present)} ETH, ${formatEther(event.needed)} ETH are needed`;
    case "unavailable":
      return `error: ${event.reason}`;
  }
}

function lineOf(event: MemberEvent): string {
  if (event.kind === "signed")
    return `batch ${event.batchIndex}: ${event.length} bytes stored and signed, data hash ${event.dataHash}`;
  if (event.kind === "refused") return `refused: ${event.reason}`;
  return `error: ${explain(event.error).join("; ")}`;
}
