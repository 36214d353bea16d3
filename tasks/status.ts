import { formatEther } from "ethers";

import { findCommittee } from "../plugin/da/committee/l1.js";
import { callRoll, type RollCall } from "../plugin/da/committee/roll-call.js";
import { freezableFrom } from "../plugin/escape/leave.js";
import { NEVER, time } from "../plugin/l1/errors.js";
import { connectL1 } from "../plugin/l1/client.js";
import type { Json } from "../plugin/sequencer/rpc/format.js";
import { action, type RollupArguments } from "./support/action.js";
import { openDeployment } from "./support/network.js";
import { httpRequest, rpcUrl, SequencerUnavailableError } from "./support/rpc.js";

/** Pending batches that are shown one by one. */
const SHOWN = 10n;

export default action<RollupArguments>(async (input, { hre, output }) => {
  const url = rpcUrl(input.rpc);
  const connection = await hre.network.getOrCreate();
  const deployment = await openDeployment(hre, connection, input.deployment);
  const { provider } = connection.ethers;
  const l1 = connectL1(provider, deployment);
  const [{ head, finalizedHead }, openDisputes, messages, escrow, active, pausedUntil, now] = await Promise.all([
    l1.heads(),
    l1.chain.openDisputes(),
    l1.bridge.messageCount(),
    provider.getBalance(l1.addresses.bridge),
    l1.registry.activeSequencer(),
    l1.bridge.depositsPausedUntil(),
    l1.now(),
  ]);
  const from = head - finalizedHead > SHOWN ? head - SHOWN + 1n : finalizedHead + 1n;
  const pending = head > finalizedHead ? await l1.batches(from, head) : [];
  const disputed =
    openDisputes === 0n ? [] : await Promise.all(pending.map(({ headerHash }) => l1.chain.isDisputed(headerHash)));
  const last = await l1.batchHeader(head);
  const [frozen, waiting] = await Promise.all([
    l1.chain.isFrozen(),
    l1.inboxMessages(last.inboxTo, last.inboxTo < messages ? last.inboxTo + 1n : last.inboxTo),
  ]);
  const [message] = waiting;
  const freezable = frozen || message === undefined ? undefined : await freezableFrom(l1, last, message);
  const [sequencer, committee] = await Promise.all([
    askSequencer(url),
    deployment.parameters.da === "committee"
      ? findCommittee(l1).then((found) => callRoll(found, deployment.memberUrls ?? {}))
      : undefined,
  ]);

  output.table([
    { type: "section-header", text: `Rollup ${deployment.parameters.l2ChainId} on ${connection.networkName}` },
    ...[
      ["L1 time", time(now)],
      ["batches", `${head}, final up to ${finalizedHead}`],
      ["disputes", openDisputes === 0n ? "none" : `${openDisputes} open`],
      ["inbox", `${messages} messages, ${messages - last.inboxTo} not in a batch`],
      ["ETH in the bridge", formatEther(escrow)],
      ["sequencer", active],
      ["escape hatch", hatch(frozen, freezable, last.index, now)],
      ["deposits", frozen ? "closed for ever" : pausedUntil > now ? `paused until ${time(pausedUntil)}` : "open"],
      ...(committee === undefined ? [] : [["committee", attendance(committee)]]),
      ["JSON-RPC", sequencer === undefined ? `none at ${url}` : url],
      ...(sequencer === undefined ? [] : sequencerRows(sequencer)),
    ].map((cells) => ({ type: "row" as const, cells })),
  ]);
  for (const [position, { header }] of pending.entries()) {
    const what = disputed[position] ? "is under dispute" : fate(header.finalizesAt, now);
    output.line(`batch ${header.index}: ${what}`);
  }
  for (const { address, url: at, absence } of committee?.members ?? []) {
    if (absence !== undefined) output.line(`member ${address}${at === undefined ? "" : ` at ${at}`}: ${absence}`);
  }
  return {
    l2ChainId: deployment.parameters.l2ChainId,
    network: connection.networkName,
    l1Time: now,
    head,
    finalizedHead,
    openDisputes,
    messages,
    consumed: last.inboxTo,
    escrow,
    activeSequencer: active,
    frozen,
    freezableFrom: freezable ?? null,
    depositsPausedUntil: pausedUntil,
    pending: pending.map(({ header, headerHash, transaction }, position) => ({
      index: header.index,
      headerHash,
      transaction,
      finalizesAt: header.finalizesAt,
      disputed: disputed[position] ?? false,
    })),
    sequencer: sequencer ?? null,
    committee: committee ?? null,
  };
});

function attendance({ epoch, threshold, members }: RollCall): string {
  const there = members.filter(({ absence }) => absence === undefined).length;
  const lack = there < threshold ? "; batches go in calldata" : "";
  return `epoch ${epoch}, ${threshold} of ${members.length} must sign, ${there} answer${lack}`;
}

function hatch(frozen: boolean, freezable: bigint | undefined, head: bigint, now: bigint): string {
  if (frozen) return `FROZEN with batch ${head}; everybody leaves with rollup:escape`;
  if (freezable === undefined) return "closed: no message waits";
  return freezable > now
    ? `the chain can be frozen from ${time(freezable)} on, if no batch is posted until then`
    : "the chain can be frozen once all batches are final (rollup:escape)";
}

function fate(finalizesAt: bigint, now: bigint): string {
  if (finalizesAt === NEVER) return "waits for its proof (rollup:prove)";
  return finalizesAt > now ? `can be disputed until ${time(finalizesAt)}` : "its window is over, it can be finalized";
}

/** What the sequencer says of itself; undefined when none answers. */
async function askSequencer(url: string): Promise<Json | undefined> {
  try {
    return await httpRequest(url)({ method: "rollup_status" });
  } catch (error) {
    if (error instanceof SequencerUnavailableError) return undefined;
    throw error;
  }
}

function sequencerRows(status: Json): string[][] {
  const at = (...path: string[]): string => {
    let value: unknown = status;
    for (const field of path) value = (value as Record<string, unknown> | undefined)?.[field];
    return typeof value === "string" && value.startsWith("0x") ? BigInt(value).toString() : String(value);
  };
  return [
    ["L2 head", `block ${at("head", "number")}, on L1 up to ${at("onL1", "l2BlockNumber")}`],
    ["mempool", `${at("mempool", "ready")} ready, ${at("mempool", "held")} held`],
  ];
}
