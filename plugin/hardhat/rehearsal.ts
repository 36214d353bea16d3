import { HardhatPluginError } from "hardhat/plugins";
import type { NetworkConnection } from "hardhat/types/network";

import type { BlobArchive } from "../da/archive.js";
import { registerSequencer } from "../l1/actions.js";
import type { L1Client } from "../l1/client.js";
import { createBatchPoster } from "../l1/poster.js";
import { createSender } from "../l1/sender.js";
import { createSource } from "../l1/source.js";
import { dataHashOf } from "../ledger/hashes.js";
import type { PostResult } from "../sequencer/options.js";
import { memoryStore } from "../store/memory.js";
import { type Hex, ZERO_ADDRESS } from "../types.js";
import { type Fault, type Forgery, forge, lyingLedger } from "../validator/faults.js";
import type { ValidatorEvent } from "../validator/types.js";
import { createValidator, type Validator } from "../validator/validator.js";
import { blobPosting, signerWithKey } from "./blobs.js";
import { certifierOf, type Members } from "./committee.js";
import { moveClock } from "./clock.js";
import type { Ledger } from "./ledger.js";
import type { LocalSequencer } from "./local-sequencer.js";
import type { DisputeOptions, DisputeReport, FaultyPost } from "./types.js";

export interface RehearsalOptions {
  connection: NetworkConnection<string>;
  /** L1 for reading. */
  reader: L1Client;
  as: (signer: NonNullable<L1Client["signer"]>) => L1Client;
  /** Undefined where nothing can be disputed. */
  machine: Ledger | undefined;
  sequencer: LocalSequencer;
  archive: BlobArchive;
  members: Members | undefined;
  validator: Validator;
  /** Calls the listener with what the validator reports from now on. */
  listen: (listener: ((event: ValidatorEvent) => void) | undefined) => void;
  /** Who lies unless somebody is named. */
  liar: NonNullable<L1Client["signer"]> | undefined;
}

/** Lies and disputes on a local L1. */
export interface Rehearsal {
  post(fault: Fault, by?: FaultyPost["by"]): Promise<PostResult>;
  dispute(options?: DisputeOptions): Promise<DisputeReport>;
}

export function createRehearsal(options: RehearsalOptions): Rehearsal {
  const { connection, reader, as, machine, sequencer, validator, archive, members = { urls: {} } } = options;
  /** Lies that were posted, by the header hash of the batch. */
  const posted = new Map<Hex, { forgery: Forgery; by: NonNullable<L1Client["signer"]> }>();

  function ledger(): Ledger {
    if (machine !== undefined) return machine;
    throw new HardhatPluginError("hardhat-rollup", "with validity proofs nothing can be disputed: a lie has no proof");
  }

  function liarOr(given: FaultyPost["by"]): NonNullable<L1Client["signer"]> {
    const liar = given ?? options.liar;
    if (liar !== undefined) return liar;
    throw new HardhatPluginError(
      "hardhat-rollup",
      `network "${connection.networkName}" has no account to spare for the one who lies; name one by \`by\``,
    );
  }

  /** Bonds an account, and waits until it may post. */
  async function takeTurn(l1: L1Client, account: Hex): Promise<void> {
    if (!(await l1.registry.isSequencer(account))) await registerSequencer(l1);
    const active = await l1.registry.activeSequencer();
    if (active.toLowerCase() === account.toLowerCase()) return;
    const { sequencerGrace, permissionlessDelay } = l1.parameters;
    const second = await l1.registry.sequencerAfter(active);
    // Not by its name: of an array that is a function.
    const [at] = await l1.chain.lastActivity();
    const isSecond = second.toLowerCase() === account.toLowerCase();
    await moveClock(connection, at + (isSecond ? sequencerGrace : permissionlessDelay));
  }

  async function post(fault: Fault, given?: FaultyPost["by"]): Promise<PostResult> {
    const by = liarOr(given);
    const l1 = as(by);
    await takeTurn(l1, (await by.getAddress()) as Hex);
    const prepared = await sequencer.prepare();
    if (prepared === undefined) {
      throw new HardhatPluginError("hardhat-rollup", "all of L2 is on L1: there is nothing to lie about");
    }
    const { batch, nodes } = prepared;
    const forgery = forge(fault, batch.input, nodes, ledger().execute);
    const { stateRoot, withdrawalsRoot, l2BlockTo } = forgery.output;
    const { data } = forgery.input;
    const blobs = blobPosting(l1, archive);
    const signer = blobs === undefined ? by : signerWithKey(connection, by);
    const sender = await createSender({ provider: l1.provider, signer });
    const poster = createBatchPoster({ client: l1, sender, blobs, certify: certifierOf(l1, members) });
    const claim = { ...batch.claim, stateRoot, withdrawalsRoot, l2BlockTo };
    const result = await poster.post({ ...batch, claim, data });
    posted.set(result.headerHash, { forgery, by });
    await sequencer.sync();
    return { ...result, blocks: batch.blocks, transactions: batch.transactions, bytes: data.length };
  }

  /** A validator for whom lies are the truth. */
  async function liarOf({ attack, by, log }: DisputeOptions): Promise<Validator | undefined> {
    const last = [...posted.values()].at(-1);
    if (attack === undefined && last === undefined) return undefined;
    const signer = by ?? (attack === undefined ? last?.by : undefined) ?? liarOr(undefined);
    const target = attack === undefined ? undefined : await reader.batchHeader((await reader.heads()).head);
    const liar = lyingLedger(ledger(), (input, nodes) => {
      if (attack !== undefined && input.index === target?.index && dataHashOf(input) === target.dataHash) {
        return forge(attack, input, nodes, ledger().execute);
      }
      for (const { forgery } of posted.values()) if (isAbout(forgery, input)) return forgery;
      return undefined;
    });
    const client = as(signer);
    const source = createSource(client, { games: true });
    const play = { client, machine: liar };
    return createValidator({
      ...{ client, source, program: liar, store: memoryStore(), play },
      log: (event) => log?.({ player: "liar", event }),
    });
  }

  async function dispute(wanted: DisputeOptions = {}): Promise<DisputeReport> {
    const begin = performance.now();
    const startedAt = await reader.now();
    const liar = await liarOf(wanted);
    const report = { games: [] as DisputeReport["games"], won: 0n, moves: { validator: 0, liar: 0 } };
    options.listen((event) => {
      wanted.log?.({ player: "validator", event });
      if (event.kind === "paid") report.won += event.amount;
      if (event.kind !== "game over") return;
      report.games.push({ index: event.index, winner: event.winner === ZERO_ADDRESS ? undefined : event.winner });
    });
    try {
      for (let quiet = false; !quiet;) {
        const { moves, games } = await validator.run({ watch: false });
        const answered = (await liar?.run({ watch: false }))?.moves ?? 0;
        report.moves.validator += moves;
        report.moves.liar += answered;
        if (moves + answered > 0) continue;
        const [next] = games.map(({ endsAt }) => endsAt).sort((a, b) => (a < b ? -1 : 1));
        // Nobody has anything left to say: the clocks run out.
        if (next !== undefined) await moveClock(connection, next);
        quiet = next === undefined;
      }
    } finally {
      options.listen(undefined);
    }
    await sequencer.catchUp();
    const l1Seconds = (await reader.now()) - startedAt;
    return { ...report, l1Seconds, seconds: (performance.now() - begin) / 1000 };
  }

  return { post, dispute };
}

function isAbout({ input }: Forgery, other: Forgery["input"]): boolean {
  return input.index === other.index && input.prevStateRoot === other.prevStateRoot && equalData(input, other);
}

function equalData(a: Forgery["input"], b: Forgery["input"]): boolean {
  return Buffer.compare(a.data, b.data) === 0;
}
