import { HDNodeWallet, Wallet } from "ethers";
import { HardhatPluginError } from "hardhat/plugins";

import type { Preset, RollupParametersInput } from "../../deploy/parameters.js";
import { signAttestation } from "../da/committee/attestation.js";
import type { Ask, AskInit } from "../da/committee/client.js";
import { type CommitteeOnL1, findCommittee, memberL1 } from "../da/committee/l1.js";
import { createAnswering } from "../da/committee/answers.js";
import { chunkCount } from "../da/committee/chunks.js";
import { createMember, type Member } from "../da/committee/member.js";
import { servingTime } from "../da/committee/posting.js";
import { rootOfSuite } from "../da/committee/root.js";
import { answer, serveMember } from "../da/committee/server.js";
import type { ServiceAnswer } from "../net/service.js";
import { openVault } from "../da/committee/vault.js";
import { decodeRequest, PATHS } from "../da/committee/wire.js";
import type { L1Client } from "../l1/client.js";
import { createSender } from "../l1/sender.js";
import { openLevelStore } from "../store/level.js";
import { copyInMemory, memoryStore } from "../store/memory.js";
import type { Store } from "../store/types.js";
import type { Hex, MemberUrls } from "../types.js";
import type { Members } from "./committee.js";
import type { MemberBehaviour, RollupCommittee } from "./types.js";

/** Keys of members that run inside the plugin are derived from the phrase that everybody knows, apart from all accounts. */
const ROOT = { phrase: "test test test test test test test test test test test junk", path: "m/44'/60'/8550'/0" };
/** Milliseconds; nothing is in the way of members of this process. */
const TIMEOUT = 2_000;
const SCHEME = "local:";

/** The keys of `count` members that run inside the plugin. They are public: for development chains only. */
export function localKeys(count: number): HDNodeWallet[] {
  const root = HDNodeWallet.fromPhrase(ROOT.phrase, "", ROOT.path);
  return Array.from({ length: count }, (_, i) => root.deriveChild(i));
}

const DEFAULT_MEMBERS = 3;

/** Parameters of a suite, with members that run inside the plugin where a committee is wanted and no members are named. */
export function withLocalMembers(
  given: RollupParametersInput,
  preset: Preset,
  count = DEFAULT_MEMBERS,
): RollupParametersInput {
  // Their keys are public: never on a network that is worth something.
  if (given.da !== "committee" || given.committeeMembers !== undefined || preset !== "dev") return given;
  return { ...given, committeeMembers: localKeys(count).map(({ address }) => address) };
}

/** A committee inside this process, without ports. */
export interface LocalCommittee extends RollupCommittee {
  /** How sequencers and readers reach these members, and others over HTTP. */
  reached: Members;
  /** Serves the members of this process over HTTP, for other processes. */
  serve(host: string): Promise<{ urls: MemberUrls; close(): Promise<void> }>;
  /** What the members store now, and the way back to it. */
  save(): Promise<() => Promise<void>>;
  close(): Promise<void>;
}

/**
 * Runs those members of a suite's committee that are nowhere else.
 * @param storage Folder of their stores; memory without one.
 * @returns undefined when the suite has no committee.
 */
export async function startLocalCommittee(l1: L1Client, storage?: string): Promise<LocalCommittee | undefined> {
  const { parameters, deployment } = l1;
  if (parameters.da !== "committee") return undefined;
  const { memberUrls = {} } = deployment;
  const { committeeMembers, committeeThreshold } = parameters;
  const keys = localKeys(committeeMembers.length).filter(
    ({ address }) => committeeMembers.includes(address as Hex) && memberUrls[address as Hex] === undefined,
  );
  const committee = await findCommittee(l1);
  const view = memberL1(l1, committee);
  const seats = new Map<string, Seat>();
  for (const key of keys) {
    const store = storage === undefined ? memoryStore() : await openLevelStore(`${storage}/${key.address}`);
    seats.set(key.address, { key, store, member: memberOf(key, store), behaviour: "honest" });
  }

  function memberOf(signer: HDNodeWallet, store: Store): Member {
    const maxRetention = servingTime(parameters.challengeWindow, committee.disputeDuration);
    const own = { signer, address: signer.address as Hex, vault: openVault(store), maxRetention };
    return createMember({ ...own, scope: committee.scope, l1: view, rootOf: rootOfSuite(parameters) });
  }

  const ask: Ask = async (url, request) => {
    const [, address = "", path = ""] = /^local:(0x[0-9a-fA-F]{40})(\/.*)$/.exec(url) ?? [];
    const seat = seats.get(address);
    return seat === undefined ? fetch(url, request) : behave(seat, path, request, committee);
  };

  const urls = Object.fromEntries([...seats.keys()].map((address) => [address, `${SCHEME}${address}`]));
  return {
    members: committeeMembers,
    threshold: Number(committeeThreshold),
    set(behaviour, ...positions) {
      const chosen = positions.length === 0 ? [...committeeMembers.keys()] : positions;
      for (const position of chosen) {
        const seat = seats.get(committeeMembers[position] ?? "");
        if (seat === undefined)
          throw new HardhatPluginError(
            "hardhat-rollup",
            `there is no member ${position} in this process; the committee has ${committeeMembers.length}, ${seats.size} of them here`,
          );
        seat.behaviour = behaviour;
      }
    },
    async answerDemands(payer) {
      const sender = await createSender({ provider: l1.provider, signer: payer });
      const honest = [...seats.values()].filter(({ behaviour }) => behaviour === "honest");
      let count = 0;
      for (const { member } of honest) {
        const chunkOf = (hash: Hex, index: number) => member.chunk(hash, index);
        count += await createAnswering({ client: l1, sender, chunkOf }).look();
      }
      return count;
    },
    reached: { urls: { ...memberUrls, ...urls }, ask, timeout: TIMEOUT },
    async serve(host) {
      const servers = await Promise.all(
        [...seats].map(async ([address, { member }]) => {
          const server = await serveMember({ member, host, port: 0 });
          return { address, server };
        }),
      );
      return {
        urls: Object.fromEntries(servers.map(({ address, server: { url } }) => [address, url])),
        async close() {
          await Promise.all(servers.map(({ server }) => server.close()));
        },
      };
    },
    async save() {
      const saved = await Promise.all(
        [...seats.values()].map(async (seat) => ({ seat, store: await copyInMemory(seat.store) })),
      );
      return async () => {
        for (const { seat, store } of saved) {
          // The saved store stays as it is: one may come back to it twice.
          seat.store = await copyInMemory(store);
          seat.member = memberOf(seat.key, seat.store);
        }
      };
    },
    async close() {
      await Promise.all([...seats.values()].map(({ store }) => store.close()));
    },
  };
}

interface Seat {
  key: HDNodeWallet;
  store: Store;
  member: Member;
  behaviour: MemberBehaviour;
}

async function behave(seat: Seat, path: string, request: AskInit, committee: CommitteeOnL1): Promise<Response> {
  const { signal, method = "GET", body = "" } = request;
  signal.throwIfAborted();
  if (seat.behaviour === "down") throw new Error(`member ${seat.key.address} is down`);
  if (seat.behaviour === "slow") return never(signal);
  if (seat.behaviour === "lying" && path === PATHS.attest) return responseOf(await lieAbout(body, committee));
  const answered = await answer(seat.member, { method, path, body });
  if (seat.behaviour === "withholding" && isWithheld(seat.member, path))
    return responseOf({ status: 404, body: { error: "these data are not here" } });
  if (seat.behaviour === "lying" && answered.body instanceof Uint8Array)
    return responseOf({ ...answered, body: answered.body.map((byte) => byte ^ 1) });
  return responseOf(answered);
}

/** The whole of any data, and their last chunk. */
function isWithheld(member: Member, path: string): boolean {
  const [, hash, chunk] = /^\/v1\/data\/(0x[0-9a-f]{64})(?:\/chunks\/(\d+))?$/.exec(path) ?? [];
  if (hash === undefined || chunk === undefined) return hash !== undefined;
  return Number(chunk) === chunkCount(member.data(hash as Hex)?.length ?? 0) - 1;
}

/** A signature by a key that is nobody's, without storing anything. */
async function lieAbout(body: string, { scope }: CommitteeOnL1): Promise<ServiceAnswer> {
  const { attestation } = decodeRequest(body);
  return { status: 200, body: { signature: await signAttestation(Wallet.createRandom(), scope, attestation) } };
}

function never(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener(
      "abort",
      () => {
        reject(signal.reason as Error);
      },
      { once: true },
    );
  });
}

function responseOf({ status, body }: ServiceAnswer): Response {
  return new Response(body instanceof Uint8Array ? new Uint8Array(body) : JSON.stringify(body), { status });
}
