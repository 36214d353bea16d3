import { task } from "hardhat/config";
import { definePlugin } from "hardhat/plugins";
import { ArgumentType } from "hardhat/types/arguments";
import type { HardhatPlugin } from "hardhat/types/plugins";

export type * from "./hardhat/type-extensions.js";
export type * from "./hardhat/types.js";
export type * from "./types.js";

const text = <Name extends string>(name: Name, description: string) => ({
  name,
  description,
  type: ArgumentType.STRING_WITHOUT_DEFAULT as const,
  defaultValue: undefined,
});

const archiveFolder = text("archive", "Folder of blobs. Default: .rollup/<network>-blobs");
const members = text(
  "members",
  "Servers of a committee's members, 0x…=http://…,0x…=http://…, over those of the address book",
);
const beacon = text("beacon", "URL of a beacon node's API, where L1's blobs of the last 18 days come from");

const host = { name: "host" as const, description: "Address to listen on", defaultValue: "127.0.0.1" };

const port = <Name extends string>(name: Name, description: string, defaultValue: number) => ({
  name,
  description,
  type: ArgumentType.INT as const,
  defaultValue,
});

const start = (id: string, description: string) =>
  task(id, description).addFlag({
    name: "json",
    description: "One JSON document on stdout, everything else on stderr",
  });

/** Options that name the rollup and where it answers. */
const onRollup = (id: string, description: string) =>
  start(id, description)
    .addOption(text("deployment", "Address book. Default: deployments/<network>/rollup.json"))
    .addOption(text("rpc", "URL of the sequencer's JSON-RPC. Default: http://127.0.0.1:8546"));

/** Options of what works without anybody: L1 and an address are enough. */
const alone = (id: string, description: string) =>
  start(id, description)
    .addOption(text("deployment", "Address book. Default: deployments/<network>/rollup.json"))
    .addOption(text("bridge", "Instead of an address book: the L1EscrowBridge of the rollup"))
    .addOption(port("fromBlock", "With --bridge: an L1 block at or before the deployment", 0))
    .addOption(text("out", "Folder of the rebuilt state. Default: .rollup/reconstruction-<chain>"))
    .addOption(members)
    .addOption(archiveFolder)
    .addOption(beacon);

/** Options of what one account does. */
const byAccount = (id: string, description: string) =>
  onRollup(id, description).addOption(
    text("from", "Account that acts: its address or its position among the network's accounts. Default: 0"),
  );

const ceremony = text("ceremony", "With validity proofs, on a real network: JSON file with the paths of its ceremony");

const deploy = start("rollup:deploy", "Deploy the suite, or finish a deployment that was interrupted")
  .addOption(text("parameters", "JSON file of rollup parameters; its schema is in the package, see docs/deployment.md"))
  .addOption(text("preset", "Defaults: dev, sepolia or mainnet. Default: by the chain id of the network"))
  .addFlag({ name: "dryRun", description: "Show the plan and its cost; send nothing" })
  .addFlag({ name: "yes", description: "Do not ask before sending to a real network" })
  .addFlag({ name: "withoutSequencer", description: "Do not bond the deployer as sequencer" })
  .addOption(text("salt", "For the same addresses on every chain (CREATE2): a text, or 32 bytes in hex"))
  .addOption(text("l2ChainId", "Chain id of the L2"))
  .addOption(text("proof", "Proof system: fraud or validity"))
  .addOption(text("da", "Data availability: calldata, blob or committee"))
  .addOption(text("challengeWindow", 'How long a batch can be disputed, for example "7d"'))
  .addOption(text("forceInclusionDelay", 'Age from which no batch may skip an inbox message, for example "1d"'))
  .addOption(text("inboxCapacity", "Unfinalized inbox messages before the queue grows; a power of two"))
  .addOption(ceremony)
  .addOption(text("slots", "With validity proofs: operations and transfers in one proof"))
  .addOption(text("levels", "With validity proofs: levels of the tree of balances, which has 4^levels leaves"))
  .addOption(text("dissectionBits", "A claim of a dispute has 2^dissectionBits states; 1 to 5"))
  .addOption(text("disputeClock", 'Thinking time of each line of claims in a dispute, for example "84h"'))
  .addOption(text("disputeExtension", 'Time in which everybody can answer any claim, for example "6h"'))
  .addOption(text("disputeBond", 'Bond of a claim of the last level of a dispute, for example "0.1 ether"'))
  .addOption(text("sequencerBond", 'Bond of a sequencer, for example "10 ether"'))
  .addOption(text("bondWithdrawalDelay", 'Time between a sequencer\'s exit and its bond, for example "21d"'))
  .addOption(text("sequencerGrace", 'Silence after which the next sequencer may post, for example "2h"'))
  .addOption(text("permissionlessDelay", 'Silence after which any bonded account may post, for example "12h"'))
  .addOption(text("escapeDelay", 'Silence after which anybody may freeze the chain, for example "30d"'))
  .addOption(text("upgradeDelay", 'Delay of every upgrade, for example "50d"'))
  .addOption(text("pauseDuration", 'How long a pause of deposits lasts, for example "3d"'))
  .addOption(text("pauseCooldown", 'Time between the end of a pause and the next, for example "14d"'))
  .addOption(text("guardian", "Address that may pause deposits; the zero address for nobody; safe:0x… must be a Safe"))
  .addOption(text("upgrader", "Address that may propose and execute upgrades; safe:0x… must be a Safe"))
  .addOption(text("cancellers", "Addresses each of which may call off any upgrade: 0x…,0x…"))
  .addOption(text("council", "Addresses that may act without delay on evidence of a bug: 0x…,0x…. Default: nobody"))
  .addOption(text("councilThreshold", "How many of the council that takes. Default: three quarters"))
  .addOption(text("committeeMembers", "With a committee: its members, 0x…=http://…,0x…=http://…; URLs may be left out"))
  .addOption(text("committeeKeys", "With a committee by BLS: the BlsKeys that has its members' keys, see dac:key"))
  .addOption(text("committeeThreshold", "With a committee: how many members must sign. Default: two thirds"))
  .addOption(text("committeeOverlap", 'With a committee: how long members attest after a change, for example "1d"'))
  .addOption(text("demandWindow", 'With a committee: how long data of a batch can be demanded on L1, for example "2d"'))
  .addOption(text("answerTime", 'With a committee: how long a demand can be answered, for example "2d"'))
  .addOption(text("answerMargin", 'With a committee: time left of the challenge window then, for example "3d"'))
  .addOption(text("demandBond", 'With a committee: bond of a demand, for example "0.07 ether"'))
  .setAction(() => import("../tasks/deploy.js"))
  .build();

const verify = start("rollup:verify", "Show explorers the source of every contract of a rollup")
  .addOption(text("deployment", "Address book. Default: deployments/<network>/rollup.json"))
  .addOption(text("explorers", "etherscan, blockscout, sourcify. Default: those of `verify` in the Hardhat config"))
  .addOption(text("contract", "Only this one, by its name. Default: all"))
  .setAction(() => import("../tasks/verify.js"))
  .build();

const deposit = byAccount("rollup:deposit", "Escrow ETH or an ERC-20 on L1 for an account of the L2")
  .addOption(text("amount", 'In whole units, for example "1.5"'))
  .addOption(text("token", "ERC-20 on L1. Default: ETH"))
  .addOption(text("to", "L2 account that is credited. Default: the account that pays"))
  .setAction(() => import("../tasks/deposit.js"))
  .build();

const force = byAccount("rollup:force", "Withdraw, or send a transaction, past the sequencer")
  .addOption(text("withdraw", 'Amount in whole units, or "all"'))
  .addOption(text("token", "Token of the withdrawal, by its L1 address. Default: ETH"))
  .addOption(text("target", "L1 account that is paid. Default: the account that forces"))
  .addOption(text("raw", "Instead: a raw signed transaction of the L2"))
  .setAction(() => import("../tasks/force.js"))
  .build();

const transfer = byAccount("rollup:transfer", "Send ETH or a token on L2")
  .addOption(text("to", "L2 account that receives"))
  .addOption(text("amount", 'In whole units, for example "1.5"'))
  .addOption(text("token", "Token, by its L1 address. Default: ETH"))
  .setAction(() => import("../tasks/transfer.js"))
  .build();

const withdraw = byAccount("rollup:withdraw", "Ask on L2 for a withdrawal to L1")
  .addOption(text("amount", 'In whole units, for example "1.5"'))
  .addOption(text("token", "Token, by its L1 address. Default: ETH"))
  .addOption(text("target", "L1 account that is paid. Default: the account that withdraws"))
  .setAction(() => import("../tasks/withdraw.js"))
  .build();

const claim = byAccount("rollup:claim", "Pay a withdrawal of a final batch on L1")
  .addOption(text("transaction", "Hash of the L2 transaction that withdrew"))
  .addOption(text("message", "Instead: index of the inbox message of a forced withdrawal"))
  .addFlag({ name: "warp", description: "On a local L1: move its clock past the challenge window first" })
  .setAction(() => import("../tasks/claim.js"))
  .build();

const upgrade = start("rollup:upgrade", "Announce, list, show, execute, cancel or confirm upgrades behind the timelock")
  .addPositionalArgument({ name: "what", description: "propose, list, show, execute, cancel or confirm" })
  .addOption(text("deployment", "Address book. Default: deployments/<network>/rollup.json"))
  .addOption(text("from", "Account that acts: its address or its position among the network's accounts. Default: 0"))
  .addOption(text("id", "Operation. Default: the only one that can still be executed"))
  .addOption(text("proxy", "To propose: L1EscrowBridge, StateCommitmentChain or SequencerRegistry"))
  .addOption(
    text("contract", "To propose: the contract of the new code, of this project or package. Default: the proxy's name"),
  )
  .addOption(text("implementation", "To propose: where the new code is already. Default: it is created"))
  .addOption(
    text("arguments", "To propose: JSON file of what changes in the constructor's arguments, or of all of them"),
  )
  .addOption(text("call", "To propose: calldata of a call through the proxy that follows"))
  .addOption(text("delay", 'To propose: longer than the least, for example "45d"'))
  .addOption(text("evidence", "To execute before the time: evidence of a bug, in hex; docs/upgrades.md"))
  .addFlag({ name: "dryRun", description: "To propose: show what changes; send nothing" })
  .setAction(() => import("../tasks/upgrade.js"))
  .build();

const stage = start(
  "rollup:stage",
  "How the suite stands by the published criteria for rollup stages, with drills on a fork",
)
  .addOption(text("deployment", "Address book. Default: deployments/<network>/rollup.json"))
  .addOption(text("bridge", "Instead of an address book: the L1EscrowBridge of the rollup"))
  .addOption(port("fromBlock", "With --bridge: an L1 block at or before the deployment", 0))
  .addOption(text("rpc", "URL of an L1 node. Default: that of the network"))
  .addOption(
    text(
      "program",
      "Program that is to judge batches: its machine hash, or the .json of rollup:build-guest. Default: the ledger",
    ),
  )
  .addFlag({ name: "noDrills", description: "Read only; what drills answer is not checkable then" })
  .addOption(text("markdown", "Write the report to this file, as a page for a repository"))
  .addOption(text("require", "Exit code 1 below this stage: 0, 1 or 2"))
  .addOption(members)
  .addOption(archiveFolder)
  .addOption(beacon)
  .setAction(() => import("../tasks/stage.js"))
  .build();

const status = onRollup("rollup:status", "Where the rollup stands on L1, and what its sequencer says")
  .setAction(() => import("../tasks/status.js"))
  .build();

const sequencer = byAccount(
  "rollup:sequencer",
  "Run the sequencer of a deployed rollup, with its JSON-RPC, until Ctrl-C",
)
  .addOption(host)
  .addOption(port("port", "Port of the JSON-RPC; 0 for any free one", 8546))
  .addOption(text("storage", "Folder of its database. Default: .rollup/<network>"))
  .addFlag({ name: "register", description: "Bond the account first, if it is no sequencer yet" })
  .addFlag({
    name: "takeover",
    description: "Bond the account if need be, follow the chain, and post when the others are silent",
  })
  .addOption(members)
  .addOption(archiveFolder)
  .addOption(beacon)
  .setAction(() => import("../tasks/sequencer.js"))
  .build();

const validator = byAccount(
  "rollup:validator",
  "Re-execute every batch from L1 data alone and dispute what is false, until Ctrl-C",
)
  .addFlag({ name: "watchOnly", description: "Raise the alarm only; send nothing, and need no account" })
  .addFlag({ name: "once", description: "Check what is on L1 now and send nothing, then end" })
  .addOption(text("storage", "Folder of its database. Default: .rollup/<network>-validator"))
  .addOption(members)
  .addOption(archiveFolder)
  .addOption(beacon)
  .setAction(() => import("../tasks/validator.js"))
  .build();

const prove = byAccount(
  "rollup:prove",
  "With validity proofs: prove every batch on L1 that is not final; each is final then",
)
  .addOption(text("storage", "Folder of its database. Default: .rollup/<network>-prover"))
  .addOption(ceremony)
  .addOption(members)
  .setAction(() => import("../tasks/prove.js"))
  .build();

const reconstruct = alone(
  "rollup:reconstruct",
  "Rebuild the whole L2 state from L1 alone; can be interrupted and continued",
)
  .addOption(text("rpc", "URL of an L1 node. Default: that of the network"))
  .addOption(text("proofs", "Write what this account needs to leave a frozen chain into escape-<account>.json"))
  .setAction(() => import("../tasks/reconstruct.js"))
  .build();

const escape = alone(
  "rollup:escape",
  "Leave a rollup whose sequencer is gone: rebuild, freeze when due, take everything out",
)
  .addOption(text("account", "Account that leaves. Default: the one that signs"))
  .addOption(text("from", "Account that signs and pays the gas: its address or its position. Default: 0"))
  .setAction(() => import("../tasks/escape.js"))
  .build();

const archive = onRollup("rollup:archive", "Keep the blobs of all batches beyond the 18 days of L1, until Ctrl-C")
  .addFlag({ name: "once", description: "Keep those of the batches that are on L1 now, then end" })
  .addOption(archiveFolder)
  .addOption(beacon)
  .setAction(() => import("../tasks/archive.js"))
  .build();

const node = start("rollup:node", "An L1 in this process, the suite on it, and a sequencer, until Ctrl-C")
  .addOption(host)
  .addOption(port("port", "Port of the L1; 0 for any free one", 8545))
  .addOption(port("rpcPort", "Port of the L2's JSON-RPC; 0 for any free one", 8546))
  .addOption(text("da", "Data availability: calldata, blob or committee. Default: calldata"))
  .setAction(() => import("../tasks/node.js"))
  .build();

const demo = start("rollup:demo", "A tour with real figures: deposit, transfer, post, validate, finalize, claim, check")
  .addFlag({
    name: "disaster",
    description: "Instead: the sequencer is gone for ever, and everybody leaves by L1 alone",
  })
  .addOption(
    text(
      "fault",
      "Instead: a false batch and its dispute; one of balance, drop, reorder, signature, withdrawals, data, state",
    ),
  )
  .addOption(text("da", "Data availability: calldata, blob or committee. Default: calldata"))
  .addOption(text("proof", "Proof system: fraud or validity. Default: fraud"))
  .setAction(() => import("../tasks/demo.js"))
  .build();

const rehearse = start(
  "rollup:rehearse",
  "Rehearse a deployment and all that can happen to it on a fork of the target chain, with a report; nothing is sent there",
)
  .addOption(text("fork", "URL of a node of the target chain"))
  .addOption(port("block", "Block to fork after; -1 for the last one", -1))
  .addOption(text("parameters", "Parameter file (JSON), as rollup:deploy takes it"))
  .addOption(text("preset", "Where other parameters come from: dev, sepolia or mainnet. Default: by chain id"))
  .addOption(text("deployer", "Account that deploys, whose key is not needed. Default: a fresh one"))
  .addOption(
    text("tokens", "0x… or 0x…=0x<holder>, with commas, a JSON file, or none. Default: well-known ones of the chain"),
  )
  .addOption({ name: "gasPrices", description: "For the costs in the report, in gwei", defaultValue: "5,30,100" })
  .addOption(text("salt", "As rollup:deploy takes it: addresses that follow from it"))
  .addOption(text("report", "Folder of the report. Default: rehearsals/<chain>-<block>"))
  .setAction(() => import("../tasks/rehearse.js"))
  .build();

const member = start(
  "dac:node",
  "Run a member of a data-availability committee: hold batch data, sign for them and serve them, until Ctrl-C",
)
  .addOption(text("from", "Account that signs: its address or its position among the network's accounts. Default: 0"))
  .addOption(text("key", "Instead, in a committee by BLS: file of the member's key, see dac:key"))
  .addOption(text("deployment", "Address book. Default: deployments/<network>/rollup.json"))
  .addOption(text("bridge", "Instead of an address book: the L1EscrowBridge of the rollup"))
  .addOption(port("fromBlock", "With --bridge: an L1 block at or before the deployment", 0))
  .addOption(text("rpc", "URL of an L1 node. Default: that of the network"))
  .addOption(host)
  .addOption(port("port", "Port to listen on; 0 for any free one", 8550))
  .addOption(text("storage", "Folder of what it holds and signed. Default: .rollup/<network>-member"))
  .addOption(
    text("promise", 'Longest time that it promises to serve data, for example "30d". Default: what sequencers ask for'),
  )
  .setAction(() => import("../tasks/member.js"))
  .build();

const memberKey = start(
  "dac:key",
  "Make a member's BLS key, and prove on L1 that it is one: for a committee whose members sign by BLS",
)
  .addOption(text("from", "Account that pays: its address or its position among the network's accounts. Default: 0"))
  .addOption(text("key", "File of the key, which is made where there is none. Default: .rollup/<network>-member.key"))
  .addOption(text("keys", "The BlsKeys of the committee. Default: a new one is created"))
  .setAction(() => import("../tasks/member-key.js"))
  .build();

const channelDeploy = start(
  "channel:deploy",
  "Deploy the adjudicator of state channels and its apps, or finish a deployment that was interrupted",
)
  .addOption(text("from", "Account that pays: its address or its position among the network's accounts. Default: 0"))
  .addOption(text("bond", "Bond of a challenge in ETH, which pays watchtowers. Default: 0.1"))
  .addFlag({ name: "yes", description: "Do not ask before sending to a real network" })
  .setAction(() => import("../tasks/channel-deploy.js"))
  .build();

const channelWatchtower = start(
  "channel:watchtower",
  "Hold encrypted states of channels, and answer stale challenges for the bond, until Ctrl-C",
)
  .addOption(text("channels", "Address book of channels. Default: deployments/<network>/channels.json"))
  .addOption(text("from", "Account that answers: its address or its position among the network's accounts. Default: 0"))
  .addOption(host)
  .addOption(port("port", "Port to listen on; 0 for any free one", 8560))
  .addOption(text("storage", "Folder of what it holds. Default: .rollup/<network>-watchtower"))
  .addOption(text("promise", 'Longest time that it promises to hold a state, for example "30d". Default: 90d'))
  .addOption(text("clients", "Clients that it serves, by their keys' addresses, with commas. Default: everybody"))
  .addOption(port("quota", "Megabytes that it holds for a client at most", 64))
  .addOption(port("capacity", "Megabytes that it holds in all at most", 16_000))
  .addFlag({ name: "paidOnly", description: "Answer only challenges whose bond pays for it" })
  .setAction(() => import("../tasks/channel-watchtower.js"))
  .build();

const buildGuest = start(
  "rollup:build-guest",
  "Make a guest program: compile, check, and say what the machine makes of it",
)
  .addPositionalArgument({ name: "file", description: "AssemblyScript (.ts) or WebAssembly (.wasm)" })
  .addOption(
    text("out", "Path without extension, for the canonical artifact (.wasm) and the facts of its program (.json)"),
  )
  .setAction(() => import("../tasks/build-guest.js"))
  .build();

/** Options of what one participant of channels does. */
const byParticipant = (id: string, description: string) =>
  start(id, description)
    .addOption(text("channels", "Address book of channels. Default: deployments/<network>/channels.json"))
    .addOption(text("from", "The participant: its address or its position among the network's accounts. Default: 0"))
    .addOption(text("storage", "Folder of its states. Default: .rollup/<network>-channels-<account>"))
    .addOption(text("peers", "Where others listen, 0x…=http://…,0x…=http://…; kept for the next time"))
    .addOption(text("watchtower", "URL of a channel:watchtower that each state is handed to"))
    .addOption(host)
    .addOption(port("port", "Port on which the others reach it; 0 for any free one", 8561));

const ofChannel = text("channel", "Id of the channel, or its beginning. Default: the only open one");

const channelNode = byParticipant(
  "channel:node",
  "A participant of channels: sign what is right, follow L1, answer disputes, until Ctrl-C",
)
  .addFlag({ name: "deposit", description: "Take also channels in which this account has to deposit" })
  .setAction(() => import("../tasks/channel-node.js"))
  .build();

const channelOpen = byParticipant("channel:open", "Open a channel with others that listen, and fund it")
  .addOption(text("with", "The others and where they listen, 0x…=http://…,0x…=http://…"))
  .addOption(text("amount", 'What this account deposits, in whole units, for example "1.5"'))
  .addOption(text("theirs", "What each of the others deposits. Default: nothing"))
  .addOption(text("token", "ERC-20. Default: ETH"))
  .addOption(text("duration", 'Time that each participant has in a dispute, for example "1d", which is the default'))
  .setAction(() => import("../tasks/channel-open.js"))
  .build();

const channelPay = byParticipant("channel:pay", "Pay another participant of a channel")
  .addOption(ofChannel)
  .addOption(text("amount", 'In whole units, for example "0.25"'))
  .addOption(text("token", "ERC-20. Default: ETH"))
  .addOption(text("to", "Who is paid. Default: the other one of two"))
  .setAction(() => import("../tasks/channel-pay.js"))
  .build();

const channelClose = byParticipant("channel:close", "End a channel together: sign its end, and have L1 pay it")
  .addOption(ofChannel)
  .setAction(() => import("../tasks/channel-close.js"))
  .build();

const channelChallenge = byParticipant("channel:challenge", "End a channel without the others: begin a dispute on L1")
  .addOption(ofChannel)
  .setAction(() => import("../tasks/channel-challenge.js"))
  .build();

const channelList = byParticipant("channel:list", "The channels of a participant")
  .setAction(() => import("../tasks/channel-list.js"))
  .build();

const channelDemo = start(
  "channel:demo",
  "State channels with real figures: open, pay 10,000 times, a lie and the watchtower's answer, close, check",
)
  .addOption(port("updates", "Signed updates", 10_000))
  .addFlag({ name: "disk", description: "Store on disk, each write synced, instead of in memory" })
  .setAction(() => import("../tasks/channel-demo.js"))
  .build();

const plugin: HardhatPlugin = definePlugin({
  id: "hardhat-rollup",
  npmPackage: "hardhat-rollup",
  dependencies: () => [import("@nomicfoundation/hardhat-ethers")],
  hookHandlers: {
    config: () => import("./hardhat/hooks/config.js"),
    network: () => import("./hardhat/hooks/network.js"),
  },
  tasks: [
    deploy,
    verify,
    node,
    demo,
    rehearse,
    status,
    deposit,
    transfer,
    withdraw,
    claim,
    force,
    sequencer,
    validator,
    prove,
    reconstruct,
    escape,
    archive,
    upgrade,
    stage,
    member,
    memberKey,
    channelDeploy,
    channelWatchtower,
    buildGuest,
    channelDemo,
    channelNode,
    channelOpen,
    channelPay,
    channelClose,
    channelChallenge,
    channelList,
  ],
});

export default plugin;
