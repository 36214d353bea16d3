import { randomBytes } from "node:crypto";

import { formatEther, ZeroHash } from "ethers";

import { formatTime, parseTime } from "../../deploy/parameters.js";
import type { ChannelHandle } from "../../plugin/channel/handle.js";
import { simple } from "../../plugin/channel/outcome.js";
import type { ChannelParams, Outcome } from "../../plugin/channel/types.js";
import type { Hex } from "../../plugin/types.js";
import { ArgumentError } from "../support/action.js";
import { addressArgument, amountArgument, showAmount, tokenArgument } from "../support/arguments.js";
import { LinesError } from "../support/explain.js";
import { type Party, peersArgument } from "./party.js";

/** What a participant can have done, with options as they stand on the command line. */
export type Command =
  | {
      name: "open";
      with: string;
      amount: string;
      theirs?: string | undefined;
      token?: string | undefined;
      duration?: string | undefined;
    }
  | { name: "pay"; channel?: string | undefined; amount: string; token?: string | undefined; to?: string | undefined }
  | { name: "close"; channel?: string | undefined }
  | { name: "challenge"; channel?: string | undefined }
  | { name: "list" };

/** What came of a command. */
export interface Performed {
  lines: string[];
  document: object;
}

const DAY = 86_400;
/** Seconds: below it nobody who sleeps can answer. */
const SHORTEST = 3_600;
/** Milliseconds that the others have to sign. */
const PATIENCE = 120_000;

export async function perform(party: Party, command: Command, signal: AbortSignal): Promise<Performed> {
  switch (command.name) {
    case "open":
      return open(party, command, signal);
    case "pay":
      return pay(party, command, signal);
    case "close":
      return close(party, command, signal);
    case "challenge":
      return challenge(party, command, signal);
    case "list":
      return list(party);
  }
}

async function open(
  party: Party,
  { with: others, amount, theirs, token, duration }: Extract<Command, { name: "open" }>,
  signal: AbortSignal,
): Promise<Performed> {
  const { provider } = party.connection.ethers;
  const peers = peersArgument("with", others);
  const asset = await tokenArgument(provider, token);
  const own = amountArgument("amount", amount, asset);
  const each = theirs === undefined ? 0n : amountArgument("theirs", theirs, asset);
  const participants = [party.address, ...Object.keys(peers)].map((address) => address.toLowerCase() as Hex);
  const params: ChannelParams = {
    participants,
    channelNonce: BigInt(`0x${randomBytes(8).toString("hex")}`),
    appDefinition: party.deployment.contracts.ConsensusApp.address,
    challengeDuration: durationArgument(duration),
    appParamsHash: ZeroHash as Hex,
  };
  const allocations = participants.map((participant, i) => simple(participant, i === 0 ? own : each));
  const outcome: Outcome = [{ asset: asset.address.toLowerCase() as Hex, allocations }];
  await party.meet(peers);
  const handle = await patiently(
    signal,
    "nobody answered the offer; are the others running, and do they know this address and port?",
    (limit) => party.client.open(params, outcome, { signal: limit }),
  );
  return {
    lines: [
      `Channel ${handle.id} is open: ${showAmount(own, asset)} of ours, ${showAmount(each, asset)} of each other.`,
      `A dispute leaves each participant ${formatTime(BigInt(params.challengeDuration))}.`,
    ],
    document: { channelId: handle.id, params, asset: asset.address, own, theirs: each },
  };
}

async function pay(
  party: Party,
  { channel, amount, token, to }: Extract<Command, { name: "pay" }>,
  signal: AbortSignal,
): Promise<Performed> {
  const handle = channelArgument(party, channel);
  const asset = await tokenArgument(party.connection.ethers.provider, token);
  const value = amountArgument("amount", amount, asset);
  const payee = payeeArgument(handle, to);
  const has = handle.balance(asset.address);
  if (has < value) {
    throw new ArgumentError(
      "amount",
      `--amount is ${showAmount(value, asset)}; the channel has ${showAmount(has, asset)} for us`,
    );
  }
  const signed = await patiently(
    signal,
    "the others do not sign; the payment is asked for again when they are back",
    (limit) => handle.pay({ to: payee, asset: asset.address, amount: value }, limit),
  );
  const left = handle.balance(asset.address);
  return {
    lines: [
      `Paid ${showAmount(value, asset)} to ${handle.params.participants[payee]}; turn ${signed.state.turnNum}, ${showAmount(left, asset)} left.`,
    ],
    document: { channelId: handle.id, turnNum: signed.state.turnNum, paid: value, left },
  };
}

async function close(
  party: Party,
  { channel }: Extract<Command, { name: "close" }>,
  signal: AbortSignal,
): Promise<Performed> {
  const handle = channelArgument(party, channel);
  const mined = await patiently(
    signal,
    "the others do not sign the end; channel:challenge ends the channel without them",
    async (limit) => {
      const sent = await handle.close(limit);
      await handle.ended(limit);
      return sent;
    },
  );
  return {
    lines: [
      `Channel ${handle.id} is closed and paid out${mined === undefined ? "" : ` (${mined.gasUsed.toLocaleString("en")} gas)`}.`,
    ],
    document: { channelId: handle.id, ...(mined === undefined ? {} : mined) },
  };
}

async function challenge(
  party: Party,
  { channel }: Extract<Command, { name: "challenge" }>,
  signal: AbortSignal,
): Promise<Performed> {
  const handle = channelArgument(party, channel);
  const bond = await party.adjudicator.challengeBond(signal);
  const mined = await handle.challenge(signal);
  const status = await party.adjudicator.statusOf(handle.id, signal);
  const until = new Date(Number(status.finalizesAt) * 1000).toISOString();
  return {
    lines: [
      `Channel ${handle.id} is in dispute at turn ${status.turnNum}; bond ${formatEther(bond)} ETH, ${mined.gasUsed.toLocaleString("en")} gas.`,
      `Without an answer it is final at ${until}; channel:node follows it, and takes out what is ours.`,
    ],
    document: { channelId: handle.id, ...mined, turnNum: status.turnNum, finalizesAt: status.finalizesAt, bond },
  };
}

function list({ client }: Party): Performed {
  const channels = client.list().map((handle) => ({
    channelId: handle.id,
    turnNum: handle.latest?.state.turnNum ?? null,
    isEnded: handle.isEnded,
    balances: (handle.outcome ?? []).map(({ asset }) => ({ asset, amount: handle.balance(asset) })),
  }));
  return {
    lines: channels.map(
      ({ channelId, turnNum, isEnded, balances }) =>
        `${channelId}  turn ${turnNum ?? "-"}  ${balances.map(({ asset, amount }) => `${amount} of ${asset}`).join(", ")}${isEnded ? "  (ended)" : ""}`,
    ),
    document: { channels },
  };
}

/** The channel that is named, in full or by its beginning; without a name the only one that is open. */
function channelArgument({ client }: Party, given: string | undefined): ChannelHandle {
  const open = client.list().filter(({ isEnded }) => !isEnded);
  const found = given === undefined ? open : client.list().filter(({ id }) => id.startsWith(given.toLowerCase()));
  const [only] = found;
  if (only !== undefined && found.length === 1) return only;
  const names = open.map(({ id }) => id).join(", ");
  if (given === undefined) {
    throw new ArgumentError(
      "channel",
      open.length === 0 ? "no channel is open here; channel:open opens one" : `--channel is missing; open are ${names}`,
    );
  }
  throw new ArgumentError(
    "channel",
    found.length > 1
      ? `--channel ${given} is the beginning of ${found.length} channels; give more of it`
      : `--channel ${given} is none of ours; open are ${names === "" ? "none" : names}`,
  );
}

/** Index of who is paid; between two it is the other. */
function payeeArgument({ params, me }: ChannelHandle, to: string | undefined): number {
  if (to === undefined) {
    if (params.participants.length === 2) return 1 - me;
    throw new ArgumentError("to", `--to is missing; participants are ${params.participants.join(", ")}`);
  }
  const address = addressArgument("to", to).toLowerCase();
  const index = params.participants.findIndex((participant) => participant.toLowerCase() === address);
  if (index >= 0 && index !== me) return index;
  throw new ArgumentError("to", `--to ${to} is no other participant; they are ${params.participants.join(", ")}`);
}

function durationArgument(given: string | undefined): number {
  if (given === undefined) return DAY;
  const seconds = parseTime(given);
  if (seconds !== undefined && seconds >= BigInt(SHORTEST) && seconds < 1n << 32n) return Number(seconds);
  throw new ArgumentError("duration", `--duration ${given} is no time of an hour or more, for example --duration 1d`);
}

/** Whoever waits for others does not wait for ever. */
async function patiently<T>(signal: AbortSignal, why: string, work: (limit: AbortSignal) => Promise<T>): Promise<T> {
  const limit = AbortSignal.timeout(PATIENCE);
  try {
    return await work(AbortSignal.any([signal, limit]));
  } catch (error) {
    if (limit.aborted && !signal.aborted) throw new LinesError([why]);
    throw error;
  }
}
