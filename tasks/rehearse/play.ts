import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";
import type { Signer } from "ethers";

import { openArchive } from "../../plugin/da/archive.js";
import type { RollupChain } from "../../plugin/hardhat/types.js";
import { registerSequencer } from "../../plugin/l1/actions.js";
import { connectL1 } from "../../plugin/l1/client.js";
import type { Deployment, Hex, RollupParameters } from "../../plugin/types.js";
import { openBooks } from "../demo/books.js";
import type { Fork } from "../support/fork.js";
import type { Output } from "../support/output.js";
import { claimWithBlocklists } from "./blocklist.js";
import { deploy, type Deployed } from "./deploy.js";
import { depositAll } from "./deposits.js";
import { everybodyLeaves } from "./disaster.js";
import { type Marks, measure } from "./durations.js";
import type { WantedToken } from "./known-tokens.js";
import { leaveUnproved, lieAndSlash } from "./lies.js";
import { newPeople } from "./people.js";
import type { Script, StepLog } from "./script.js";
import type { Actor, People, Stage } from "./stage.js";
import { fund } from "./tokens.js";
import type { Duration } from "./types.js";
import { upgradeBridge } from "./upgrade.js";
import { compareEscrow, compareL2, deposited, post, transferAll, withdrawAll } from "./withdrawals.js";

export interface PlayOptions {
  hre: HardhatRuntimeEnvironment;
  fork: Fork;
  parameters: RollupParameters;
  deployer: Hex;
  /** Nobody was named. */
  isFresh: boolean;
  /** Of a committee, in this process. */
  members: number;
  /** For addresses that follow from it. */
  salt: Hex | undefined;
  tokens: readonly WantedToken[];
  /** Folder of what the sequencer stores; it goes with the rehearsal. */
  disk: string;
  script: Script;
  output: Output;
  signal: AbortSignal;
}

/** What is left of a rehearsal for its report. */
export interface Played {
  deployed: Deployed | undefined;
  tokens: readonly Actor[];
  durations: readonly Duration[];
}

/** The whole rehearsal, scene by scene; a scene that fails takes along only those that stand on it. */
export async function play(options: PlayOptions): Promise<Played> {
  const { hre, fork, parameters, script, signal } = options;
  const deployed = await script.step("deploy", "Deploy the suite and read it back", true, (log) =>
    deploy(hre, fork, options, log, signal),
  );
  const people = await newPeople(fork, parameters);
  const tokens =
    (await script.step("fund", "Borrow tokens from who has them", deployed !== undefined, (log) =>
      fund(fork.connection, fork.origin.number, options.tokens, people, log, signal),
    )) ?? [];
  const chain = await script.step("sequencer", "Bond a sequencer and start it", deployed !== undefined, (log) =>
    start(options, deployed!.deployment, people, log),
  );
  if (deployed === undefined || chain === undefined) return { deployed, tokens, durations: [] };
  try {
    const stage = stageOf(options, deployed.deployment, chain, people, tokens);
    return { deployed, tokens, durations: await live(stage, options) };
  } finally {
    await chain.close();
  }
}

async function start(
  { fork, parameters, disk }: PlayOptions,
  deployment: Deployment,
  { sequencer, validator }: People,
  log: StepLog,
): Promise<RollupChain> {
  const { connection } = fork;
  const { bond } = await registerSequencer(connectL1(connection.ethers.provider, deployment, sequencer));
  log.say(
    `${sequencer.address}, a key of this rehearsal, bonded ${bond} wei; the real sequencer will be another account.`,
  );
  const chain = await connection.rollup.attach(deployment, { sequencer, validator, storage: disk, blocks: "manual" });
  log.say(`Chain ${parameters.l2ChainId} runs in this process.`);
  return chain;
}

function stageOf(
  { fork, disk, output, signal }: PlayOptions,
  deployment: Deployment,
  chain: RollupChain,
  people: People,
  tokens: Actor[],
): Stage {
  const { connection } = fork;
  const blobSources = [openArchive(`${disk}.blobs`)];
  const l1 = (signer?: Signer) => connectL1(connection.ethers.provider, deployment, signer, { blobSources });
  return {
    connection,
    chain,
    l1,
    people,
    tokens,
    books: openBooks(),
    unclaimed: [],
    creditors: new Set(),
    output,
    signal,
  };
}

/** The life of the rollup, to its end. */
async function live(stage: Stage, { hre, parameters, disk, script }: PlayOptions): Promise<Duration[]> {
  const marks: Marks = {};
  const isFraud = parameters.proof === "fraud";
  const entered = await script.step("deposits", "Deposit ETH and every token", true, (log) => depositAll(stage, log));
  const isLive = deposited(stage).length > 0;

  const first = await script.step("transfers", "Pay each other on L2, and post the batch", isLive, async (log) => {
    await transferAll(stage, log);
    return post(stage, log);
  });
  if (entered !== undefined && first !== undefined) {
    marks.deposit = { asked: entered.transaction, posted: first.transaction };
  }

  const leaving = await script.step(
    "withdrawals",
    "Withdraw, and wait until the batch is final",
    isLive,
    async (log) => {
      const asked = await withdrawAll(stage, log);
      const batch = await post(stage, log);
      await stage.chain.finalize();
      await compareL2(stage, log);
      return { asked, batch };
    },
  );

  await script.step(
    "claims",
    "Claim, while a token blocks one of the recipients",
    leaving !== undefined,
    async (log) => {
      await claimWithBlocklists(stage, leaving?.asked ?? [], log);
      await compareEscrow(stage, log);
    },
  );
  const claimed = stage.tokens.flatMap(({ withdrawals }) => withdrawals)[0];
  if (leaving?.batch !== undefined && claimed !== undefined) {
    marks.withdrawal = { posted: leaving.batch.transaction, claimed: claimed.transaction };
  }

  marks.judged = isFraud
    ? await script.step("fraud", "A false batch, its dispute and its slash", isLive, (log) => lieAndSlash(stage, log))
    : await script.step("unproved", "A batch that nobody proves is taken back", isLive, (log) =>
        leaveUnproved(stage, log),
      );

  marks.upgraded = await script.step("upgrade", "An upgrade that somebody dislikes and leaves before", isLive, (log) =>
    upgradeBridge(stage, hre, log),
  );

  marks.escaped = await script.step("escape", "The sequencer is gone: everybody leaves by L1 alone", isLive, (log) =>
    everybodyLeaves(stage, disk, log),
  );

  const durations = await script.step(
    "durations",
    "Compare how long everything took with what is promised",
    isLive,
    (log) => measure(stage, parameters, marks, log),
  );
  return durations ?? [];
}
