import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import { expect } from "chai";
import { AbiCoder, id, Interface, keccak256, toBeHex, ZeroAddress, ZeroHash } from "ethers";

import { NoSuiteError } from "../../plugin/l1/discover.js";
import { headerHash } from "../../plugin/ledger/hashes.js";
import type { Drilled } from "../../plugin/stage/criteria.js";
import type { Deployment, Hex } from "../../plugin/types.js";
import {
  AnyEvidence__factory,
  AnyStep__factory,
  AvailabilityChallenge__factory,
  DelegatingChain__factory,
  DisputeGame__factory,
  Gated__factory,
  IProxyAdmin__factory,
  L1EscrowBridge__factory,
  PlainTimelock__factory,
  SequencerRegistry__factory,
  StateCommitmentChain__factory,
  StepEvidence__factory,
  UpgradeTimelock__factory,
} from "../../typechain-types/index.js";
import { memberKeys } from "../support/committee.js";
import { deployStaged, failing, finding, slotOf, type Staged } from "../support/stage.js";

const DAY = 86_400n;
/** Where OpenZeppelin's Initializable counts. */
const INITIALIZED_SLOT = "0xf0c57e16840df040f15088dc2f81fe391c3923bec73e23a9662efc9c229c6a00";
const BEACON_SLOT = "0xa3f0ad74e5423aebfd80d3ef4346578335a9a72aeaee59ff6cb3582b35133d50";
const ADMIN_SLOT = "0xb53127684a568b3173ae13b9f8a6016e243e63b6e8ee1178d6a717850b5d6103";
/** Of AccessControl and TimelockController. */
const ROLES = 0n;
const MIN_DELAY = "0x2";

/** Of the chain: its heads, then header hashes by index. */
const CHAIN_STORAGE = 0xe88a45d81295dbd1afce42b2577fbf5abc29e2b1b47f4ab0fa85687acef75800n;

/** As `Gated` counts them. */
const FOR_OTHERS = 0;
const WHILE_PAUSED = 1;
const ONCE_PAUSED = 2;
const ALWAYS = 3;

const bridgeFace = L1EscrowBridge__factory.createInterface();
const registryFace = SequencerRegistry__factory.createInterface();
const gameFace = DisputeGame__factory.createInterface();

interface Break {
  name: string;
  /** @returns What the address book says, where it is held against the chain. */
  make: (staged: Staged) => Promise<Deployment | void>;
  /** Criteria that fail, all of them. */
  fails: string[];
  /** Of the first of them. */
  because: RegExp;
  drills?: Drilled[];
}

describe("stage: what is broken is named", function () {
  this.timeout(120_000);
  let staged: Staged;

  before(async () => {
    staged = await deployStaged();
  });

  const breaks: Break[] = [
    {
      name: "an account owns the admin of a proxy",
      make: ({ setStorage, facts, signers }) => setStorage(facts.proxies[0]!.admin, "0x0", signers[7]!.address),
      fails: ["proxy-admins", "exit-window-7d", "exit-window-30d"],
      because: /^the admin of L1EscrowBridge at 0x\w+ belongs to 0x14dC79964da2C08b23698B3D3cc7Ca32193d9955/,
    },
    {
      name: "the admin slot of a proxy shows another admin than the one that can upgrade",
      make: ({ setStorage, facts }) => setStorage(facts.chain.registry, ADMIN_SLOT, facts.proxies[0]!.admin),
      fails: ["suite-code", "proxy-admins", "second-path"],
      because: /^SequencerRegistry at 0x\w+ is not this package's/,
    },
    {
      name: "the code of the chain has a way to any code",
      async make({ upgrade, facts, signers }) {
        await upgrade(facts.escrow.chain, await new DelegatingChain__factory(signers[0]!).deploy(chainOf(staged)));
      },
      fails: ["suite-code", "second-path"],
      because: /^StateCommitmentChain implementation at 0x\w+ is not this package's: other code/,
    },
    {
      name: "a proxy names a beacon",
      make: ({ setStorage, facts, signers }) => setStorage(facts.bridge, BEACON_SLOT, signers[7]!.address),
      fails: ["second-path"],
      because: /^L1EscrowBridge at 0x\w+ names a beacon, 0x14dC7/,
    },
    {
      name: "the code behind a proxy can be initialised",
      make: ({ setStorage, facts }) => setStorage(facts.proxies[1]!.implementation, INITIALIZED_SLOT, 0n),
      fails: ["initialisers"],
      because: /^initialize\(\) of StateCommitmentChain implementation at 0x\w+ is open to anybody/,
    },
    {
      name: "a proxy can be initialised",
      make: ({ setStorage, facts }) => setStorage(facts.bridge, INITIALIZED_SLOT, 0n),
      fails: ["initialisers"],
      because: /^initialize\(\) of L1EscrowBridge at 0x\w+ is open to anybody/,
    },
    {
      name: "upgrades have a delay that leaves less than 30 days",
      make: (each) => timelock(each, { delay: 47n * DAY }),
      fails: ["exit-window-30d"],
      because: /^29d \(2505600 s\) to decide after an announcement, less than 30 days/,
    },
    {
      name: "upgrades have a delay that leaves less than 7 days",
      make: (each) => timelock(each, { delay: 24n * DAY }),
      fails: ["exit-window-7d", "exit-window-30d", "escape-before-upgrade"],
      because: /^6d \(518400 s\) to decide after an announcement, less than 7 days/,
    },
    {
      name: "the delay of today is below the promised one",
      make: ({ setStorage, facts }) => setStorage(facts.timelock.address, MIN_DELAY, 0n),
      fails: ["timelock-delay", "exit-window-7d", "exit-window-30d"],
      because: /^the delay 0s \(0 s\) is below its minimum 50d/,
    },
    {
      name: "a plain timelock has an admin",
      async make({ setCodeOf, facts, signers, connection }) {
        const { address } = facts.timelock;
        await setCodeOf(address, await new PlainTimelock__factory(signers[0]!).deploy(50n * DAY));
        const self = await connection.ethers.getImpersonatedSigner(address);
        await connection.networkHelpers.setBalance(address, 10n ** 18n);
        await PlainTimelock__factory.connect(address, self).grantRole(ZeroHash, signers[7]!);
      },
      fails: ["suite-code", "timelock-delay"],
      because: /^UpgradeTimelock at 0x\w+ is not this package's/,
    },
    {
      name: "somebody has a role that the timelock does not list",
      make: ({ setStorage, facts }) =>
        setStorage(facts.timelock.address, hasRoleSlot("COUNCIL_ROLE", facts.escrow.guardian), 1n),
      fails: ["roles"],
      because: /^0x\w+ is council, and the timelock does not list it/,
    },
    {
      name: "the code of a part is another one by a byte",
      async make({ setCode, facts, connection }) {
        const code = await connection.ethers.provider.getCode(facts.escrow.stateProof);
        await setCode(facts.escrow.stateProof, `${code.slice(0, -1)}${code.endsWith("b") ? "c" : "b"}`);
      },
      fails: ["suite-code"],
      because: /^StateProof at 0x\w+ is not this package's: other code$/,
    },
    {
      name: "a batch can be disputed for a day only",
      async make(each) {
        await chain(each, { challengeWindow: DAY });
        await registry(each, { challengeWindow: DAY });
      },
      fails: ["challenge-period"],
      because: /^a batch can be disputed for 1d \(86400 s\), less than 7 days/,
      drills: ["window-fixed"],
    },
    {
      name: "only some may bond",
      async make(each) {
        await gate(each, each.facts.chain.registry, registryFace.getFunction("register").selector, FOR_OTHERS);
      },
      fails: ["suite-code", "second-path", "silent-sequencer", "walk-away", "anyone-proposes"],
      because: /^SequencerRegistry implementation at 0x\w+ is not this package's/,
      drills: ["silent-sequencer", "anyone-proposes", "walk-away", "anyone-challenges", "challengers"],
    },
    {
      name: "only some may dispute",
      async make(each) {
        const { signers, facts, setCodeOf, connection } = each;
        const code = await connection.ethers.provider.getCode(facts.chain.resolver);
        const elsewhere = "0x00000000000000000000000000000000000c0de5";
        await each.setCode(elsewhere, code);
        const selector = gameFace.getFunction("counterBatch").selector;
        const gated = new Gated__factory(signers[0]!);
        await setCodeOf(
          facts.chain.resolver,
          await gated.deploy(elsewhere, selector, selector, FOR_OTHERS, signers[7]!),
        );
      },
      fails: ["suite-code", "second-path", "anyone-challenges"],
      because: /^DisputeGame at 0x\w+ is not this package's/,
      drills: ["anyone-challenges", "challengers"],
    },
    {
      name: "a pause covers withdrawals",
      make: (each) => gate(each, each.facts.bridge, bridgeFace.getFunction("withdraw").selector, WHILE_PAUSED),
      fails: ["suite-code", "second-path", "pause-scope"],
      because: /^L1EscrowBridge implementation at 0x\w+ is not this package's/,
      drills: ["pause-scope", "walk-away", "silent-sequencer"],
    },
    {
      name: "a pause of withdrawals never ends",
      make: (each) => gate(each, each.facts.bridge, bridgeFace.getFunction("withdraw").selector, ONCE_PAUSED),
      fails: ["suite-code", "second-path", "pause-scope", "walk-away"],
      because: /^L1EscrowBridge implementation at 0x\w+ is not this package's/,
      drills: ["pause-scope", "walk-away", "silent-sequencer"],
    },
    {
      name: "a pause covers forced messages",
      make: (each) => gate(each, each.facts.bridge, bridgeFace.getFunction("forceWithdrawal").selector, WHILE_PAUSED),
      fails: ["suite-code", "second-path", "pause-scope", "walk-away"],
      because: /^L1EscrowBridge implementation at 0x\w+ is not this package's/,
      drills: ["pause-scope", "walk-away", "silent-sequencer"],
    },
    {
      name: "nobody can freeze the chain",
      make: (each) =>
        gate(
          each,
          each.facts.escrow.chain,
          StateCommitmentChain__factory.createInterface().getFunction("freeze").selector,
          ALWAYS,
        ),
      fails: ["suite-code", "second-path", "silent-everyone"],
      because: /^StateCommitmentChain implementation at 0x\w+ is not this package's/,
      drills: ["silent-everyone", "silent-sequencer", "pause-scope"],
    },
    {
      name: "nobody can escape",
      make: (each) => gate(each, each.facts.bridge, bridgeFace.getFunction("escape").selector, ALWAYS),
      fails: ["suite-code", "second-path", "silent-everyone", "walk-away"],
      because: /^L1EscrowBridge implementation at 0x\w+ is not this package's/,
      drills: ["silent-everyone", "silent-sequencer", "walk-away", "pause-scope"],
    },
    {
      name: "a pause covers refunds",
      make: (each) => gate(each, each.facts.bridge, bridgeFace.getFunction("refundDeposit").selector, ONCE_PAUSED),
      fails: ["suite-code", "second-path", "pause-scope", "walk-away"],
      because: /^L1EscrowBridge implementation at 0x\w+ is not this package's/,
      drills: ["silent-everyone", "walk-away", "pause-scope"],
    },
    {
      name: "the chain began with balances that nobody deposited",
      async make(each) {
        const { facts, setStorage } = each;
        const stateRoot = id("a premine") as Hex;
        await setStorage(
          facts.escrow.chain,
          slotOf("uint64", 0n, CHAIN_STORAGE + 1n),
          headerHash({ ...facts.genesis, stateRoot }),
        );
        await chain(each, { genesisStateRoot: stateRoot });
      },
      fails: ["state-roots"],
      because: /^the chain begins with 0x\w+, its event tells 0x/,
    },
    {
      name: "it takes a year until anybody can freeze the chain",
      make: (each) => chain(each, { escapeDelay: 365n * DAY }),
      fails: ["escape-before-upgrade"],
      because: /^escaping takes 366d \(31622400 s\) from a forced withdrawal on, an upgrade 50d/,
      drills: ["silent-everyone"],
    },
    {
      name: "a council of 3 of 5",
      make: (each) => council(each, 5, 3n),
      fails: ["council"],
      because: /^the council has 5 members, fewer than 8; 3 of 5 are a quorum, less than three quarters$/,
    },
    {
      name: "a council that needs no evidence",
      async make(each) {
        await council(each, 8, 6n, await new AnyEvidence__factory(each.signers[0]!).deploy(each.facts.escrow.chain));
      },
      fails: ["suite-code", "instant-path"],
      because: /^BugEvidence at 0x\w+ is not this package's: other code/,
    },
    {
      name: "who announces upgrades is guardian by an account that delegates",
      async make(each) {
        const { signers, setCode } = each;
        const guardian = signers[9]!.address as Hex;
        await bridge(each, { guardian });
        await setCode(guardian, `0xef0100${signers[0]!.address.slice(2)}`);
      },
      fails: ["roles"],
      because: /^guardian 0xa0Ee7A142d267C1f36714E4a8F75612F20a79720 \(account with the code of 0xf39Fd6/,
    },
    {
      name: "an address book that lies",
      make({ deployment }) {
        const { contracts, parameters } = deployment;
        const StateProof = { ...contracts.StateProof, address: contracts.SuiteFactory.address };
        const lie = { parameters: { ...parameters, upgradeDelay: 90n * DAY }, contracts: { ...contracts, StateProof } };
        return Promise.resolve({ ...deployment, ...lie });
      },
      fails: ["address-book"],
      because: /^it says StateProof is 0x\w+; L1 says 0x\w+; it says upgradeDelay is 7776000; L1 says 4320000$/,
    },
    {
      name: "anything is a proof of a step",
      async make({ setCodeOf, facts, signers }) {
        await setCodeOf(facts.game!.verifier, await new AnyStep__factory(signers[0]!).deploy());
      },
      fails: ["suite-code", "proofs-complete"],
      because: /^OneStepVerifier at 0x\w+ is not this package's/,
    },
    {
      name: "batches may leave messages out for ever",
      make: (each) => chain(each, { maxBatchMessages: 1n, fullBatchMessages: 1n }),
      fails: ["contracts-agree"],
      because: /^StateCommitmentChain.maxBatchMessages is 1, not 8192; StateCommitmentChain.fullBatchMessages is 1/,
    },
    {
      name: "a bond that few have",
      make: (each) => registry(each, { minimumBond: 50_000n * 10n ** 18n }),
      fails: ["bonds"],
      because: /^a sequencer's bond is 50000.0 ETH, above 1000.0: few could post/,
    },
    {
      name: "a game of another chain",
      async make(each) {
        const { facts, signers, setCodeOf } = each;
        const game = { ...gameOf(each), chain: facts.chain.registry };
        await setCodeOf(facts.chain.resolver, await new DisputeGame__factory(signers[0]!).deploy(game));
      },
      fails: ["contracts-agree"],
      because: /^DisputeGame.chain is 0x\w+, not 0x\w+/,
    },
    {
      name: "another program judges batches",
      async make(each) {
        const { facts, signers, setCodeOf } = each;
        const other = { ...gameOf(each), machineHash: id("x") };
        const program = {
          codeRoot: id("code"),
          memoryRoot0: id("memory"),
          entryPc: 1n,
          pages: 1n,
          maxPages: 2n,
          version: 1n,
        };
        const machineHash = machineHashOf(program);
        await setCodeOf(
          facts.chain.resolver,
          await new DisputeGame__factory(signers[0]!).deploy({ ...other, ...program, machineHash }),
        );
        await chain(each, { machineHash });
      },
      fails: ["program"],
      drills: ["silent-sequencer", "silent-everyone", "anyone-challenges"],
      because: /^batches are judged by program 0x\w+, not by 0x\w+/,
    },
    {
      name: "other code stood behind a proxy for a while",
      async make({ facts, signers, connection }) {
        const { admin, address, implementation } = facts.proxies[1]!;
        const other = await new DelegatingChain__factory(signers[0]!).deploy(chainOf(staged));
        const owner = await connection.ethers.getImpersonatedSigner(facts.timelock.address);
        await connection.networkHelpers.setBalance(facts.timelock.address, 10n ** 18n);
        for (const code of [await other.getAddress(), implementation]) {
          await IProxyAdmin__factory.connect(admin, owner).upgradeAndCall(address, code, "0x");
        }
      },
      fails: ["storage-history"],
      because: /^behind StateCommitmentChain was once the code at 0x\w+, which is not this package's$/,
    },
    {
      name: "code behind a proxy took another chain's word for a while",
      async make(each) {
        const { facts, signers, connection } = each;
        const { admin, address, implementation } = facts.proxies[0]!;
        const own = new L1EscrowBridge__factory(signers[0]!);
        const other = await own.deploy({ ...bridgeOf(each), chain: signers[7]!.address });
        const owner = await impersonated(connection, facts.timelock.address);
        for (const code of [await other.getAddress(), implementation]) {
          await IProxyAdmin__factory.connect(admin, owner).upgradeAndCall(address, code, "0x");
        }
      },
      fails: ["storage-history"],
      because:
        /^behind L1EscrowBridge was once the code at 0x\w+, whose chain is 0x14dC79964da2C08b23698B3D3cc7Ca32193d9955, not 0x/,
    },
    {
      name: "code that was gone after its upgrade came again as this package's",
      async make(each) {
        const { facts, signers, connection, setCodeOf } = each;
        const { address, implementation } = facts.proxies[1]!;
        const other = await new DelegatingChain__factory(signers[0]!).deploy(chainOf(each));
        const self = await impersonated(connection, facts.timelock.address);
        for (const code of [await other.getAddress(), implementation]) {
          const hash = keccak256(await connection.ethers.provider.getCode(code));
          await UpgradeTimelock__factory.connect(facts.timelock.address, self).upgrade(address, code, hash, "0x");
        }
        await setCodeOf(await other.getAddress(), implementation);
      },
      fails: ["storage-history"],
      because: /^the code at 0x\w+ had hash 0x\w{64} when an upgrade brought it, now 0x\w{64}$/,
    },
    {
      name: "an account owned the admin of a proxy before the timelock did",
      async make({ facts, signers, connection }) {
        const { admin } = facts.proxies[0]!;
        const owner = await impersonated(connection, facts.timelock.address);
        const handOver = new Interface(["function transferOwnership(address)"]);
        for (const [from, to] of [
          [owner, signers[7]!.address],
          [signers[7]!, facts.timelock.address],
        ] as const) {
          await from.sendTransaction({ to: admin, data: handOver.encodeFunctionData("transferOwnership", [to]) });
        }
      },
      fails: ["storage-history"],
      because: /^the admin of L1EscrowBridge once belonged to 0x14dC79964da2C08b23698B3D3cc7Ca32193d9955$/,
    },
    {
      name: "the timelock was not created by its own constructor",
      async make(each) {
        const { facts, setCodeOf, setStorage } = each;
        const elsewhere = "0x00000000000000000000000000000000000710c4";
        await setCodeOf(elsewhere, facts.timelock.address);
        await setStorage(elsewhere, MIN_DELAY, facts.timelock.delay!);
        for (const { admin } of facts.proxies) await setStorage(admin, "0x0", elsewhere);
        await bridge(each, { upgradeTimelock: elsewhere });
      },
      fails: ["storage-history"],
      because:
        /^no event tells who has a role of the timelock 0x\w+: its storage was not begun by this package's constructor/,
    },
    {
      name: "cancellers make proposers",
      make: ({ setStorage, facts }) => {
        const proposers = BigInt(slotOf("bytes32", id("PROPOSER_ROLE"), ROLES));
        return setStorage(facts.timelock.address, toBeHex(proposers + 1n, 32), id("CANCELLER_ROLE"));
      },
      fails: ["timelock-delay"],
      because: /^0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266 can make anybody a proposer without delay$/,
    },
    {
      name: "nobody has the time to answer a claim",
      make: (each) => game(each, { clock: 120n, extension: 60n }),
      fails: ["answer-time"],
      because:
        /^time of each line of claims in a dispute is 2m \(120 s\), less than 1d .*; time to answer any claim is 1m/,
    },
    {
      name: "who floods a dispute pays nothing",
      make: (each) => game(each, { baseBond: 1n }),
      fails: ["bonds"],
      because: /^the least bond of a claim, 1 wei, pays no answer/,
    },
    {
      name: "who wins against a batch loses money",
      make: (each) => registry(each, { minimumBond: 1n }),
      fails: ["bonds"],
      because: /^a sequencer's bond of 1 wei is below four base bonds of 100000000000000000 wei/,
    },
    {
      name: "a dispute may take longer than the chain reckons with",
      make: (each) => game(each, { clock: 20n * DAY }),
      fails: ["contracts-agree"],
      because: /^a dispute takes up to 42d 12h .*, the chain reckons with 9d 12h/,
    },
    {
      name: "a bond is back before its batch is judged",
      make: (each) => registry(each, { withdrawalDelay: 2n * DAY, challengeWindow: DAY, disputeDuration: DAY / 2n }),
      fails: ["contracts-agree", "bonds"],
      because: /^SequencerRegistry.challengeWindow is 1d/,
    },
  ];

  it("is: a bridge that is none, though its chain is real", async () => {
    await staged.undone(async () => {
      const { signers, facts, report } = staged;
      const impostor = await new L1EscrowBridge__factory(signers[0]!).deploy(bridgeOf(staged));
      const bridge = (await impostor.getAddress()) as Hex;
      const refused: unknown = await report({ bridge }).catch((error: unknown) => error);
      expect(refused).to.be.instanceOf(NoSuiteError);
      expect((refused as Error).message).to.include(`the chain that it names has another bridge, ${facts.bridge}`);
    });
  });

  it("is: data that the committee withholds few can demand, or nobody", async () => {
    const committeeMembers = memberKeys(5).map(({ address }) => address);
    const optimium = await deployStaged({ da: "committee", committeeMembers });
    const { signers, facts, setCodeOf, report } = optimium;
    const p = facts.challenge!;
    const code = await new AvailabilityChallenge__factory(signers[0]!).deploy({
      ...{ chain: p.chain, committee: p.committee, demandWindow: p.demandWindow, answerMargin: p.answerMargin },
      ...{ answerTime: facts.chain.challengeWindow, demandBond: 10_000n * 10n ** 18n },
    });
    await setCodeOf(facts.game!.availability, code);
    const found = await report();
    expect(failing(found)).to.deep.equal(["answer-time", "bonds"]);
    expect(finding(found, "answer-time").reason).to.match(/^time to demand data that are withheld is -\d+d/);
    expect(finding(found, "bonds").reason).to.match(/^demanding a chunk of data takes 10000.0 ETH, above 100.0/);
  });

  for (const { name, make, fails, because, drills = [] } of breaks) {
    it(`is: ${name}`, () =>
      staged.undone(async () => {
        const book = await make(staged);
        const report = await staged.report({ drills, ...(book === undefined ? {} : { book }) });
        expect(
          failing(report),
          JSON.stringify(report.findings.filter(({ result }) => result === "fail").map(({ reason }) => reason)),
        ).to.deep.equal(fails);
        expect(finding(report, fails[0] ?? "").reason).to.match(because);
      }));
  }
});

async function impersonated(connection: Staged["connection"], address: string): Promise<HardhatEthersSigner> {
  await connection.networkHelpers.setBalance(address, 10n ** 18n);
  return connection.ethers.getImpersonatedSigner(address);
}

function hasRoleSlot(role: string, account: string): Hex {
  return slotOf("address", account, slotOf("bytes32", id(role), ROLES));
}

type ChainArguments = Parameters<StateCommitmentChain__factory["deploy"]>[0];

function chainOf({ facts: { chain: p } }: Staged): ChainArguments {
  return {
    ...{ inbox: p.inbox, registry: p.registry, dataAvailability: p.dataAvailability, resolver: p.resolver },
    ...{ proofRequired: p.proofRequired, maxBatchMessages: p.maxBatchMessages, fullBatchMessages: p.fullBatchMessages },
    ...{ challengeWindow: p.challengeWindow, forceInclusionDelay: p.forceInclusionDelay, escapeDelay: p.escapeDelay },
    ...{ permissionlessDelay: p.permissionlessDelay, disputeDuration: p.disputeDuration, l2ChainId: p.l2ChainId },
    ...{ machineHash: p.machineHash, genesisStateRoot: p.genesisStateRoot },
  };
}

async function chain(staged: Staged, changes: Partial<ChainArguments>): Promise<void> {
  const code = await new StateCommitmentChain__factory(staged.signers[0]!).deploy({ ...chainOf(staged), ...changes });
  await staged.upgrade(staged.facts.escrow.chain, code);
}

async function registry(
  staged: Staged,
  changes: Partial<Parameters<SequencerRegistry__factory["deploy"]>[0]>,
): Promise<void> {
  const p = staged.facts.registry!;
  const code = await new SequencerRegistry__factory(staged.signers[0]!).deploy({
    ...{ minimumBond: p.minimumBond, chain: p.chain, withdrawalDelay: p.withdrawalDelay },
    ...{ challengeWindow: p.challengeWindow, disputeDuration: p.disputeDuration },
    ...{ sequencerGrace: p.sequencerGrace, permissionlessDelay: p.permissionlessDelay, ...changes },
  });
  await staged.upgrade(staged.facts.chain.registry, code);
}

type BridgeArguments = Parameters<L1EscrowBridge__factory["deploy"]>[0];

function bridgeOf({ facts: { escrow: p } }: Staged): BridgeArguments {
  return {
    ...{ chain: p.chain, stateProof: p.stateProof, upgradeTimelock: p.upgradeTimelock, l2ChainId: p.l2ChainId },
    ...{ pauseDuration: p.pauseDuration, pauseCooldown: p.pauseCooldown, inboxCapacity: p.inboxCapacity },
    guardian: p.guardian,
  };
}

async function bridge(staged: Staged, changes: Partial<BridgeArguments>): Promise<void> {
  const code = await new L1EscrowBridge__factory(staged.signers[0]!).deploy({ ...bridgeOf(staged), ...changes });
  await staged.upgrade(staged.facts.bridge, code);
}

async function game(staged: Staged, changes: Partial<Parameters<DisputeGame__factory["deploy"]>[0]>): Promise<void> {
  const made = await new DisputeGame__factory(staged.signers[0]!).deploy({ ...gameOf(staged), ...changes });
  await staged.setCodeOf(staged.facts.chain.resolver, made);
}

function machineHashOf(
  p: Record<"codeRoot" | "memoryRoot0", string> & Record<"entryPc" | "pages" | "maxPages" | "version", bigint>,
): string {
  const types = ["bytes32", "bytes32", "uint32", "uint32", "uint32", "uint32"];
  const values = [p.codeRoot, p.memoryRoot0, p.entryPc, p.pages, p.maxPages, p.version];
  return keccak256(AbiCoder.defaultAbiCoder().encode(types, values));
}

function gameOf({ facts }: Staged): Parameters<DisputeGame__factory["deploy"]>[0] {
  const p = facts.game!;
  return {
    ...{ chain: p.chain, verifier: p.verifier, availability: p.availability, l2ChainId: p.l2ChainId, bridge: p.bridge },
    ...{ machineHash: p.machineHash, codeRoot: p.codeRoot, memoryRoot0: p.memoryRoot0, entryPc: p.entryPc },
    ...{ pages: p.pages, maxPages: p.maxPages, version: p.version, dissectionBits: p.dissectionBits },
    ...{ clock: p.clock, extension: p.extension, baseBond: p.baseBond },
  };
}

/** Shuts a function of the code behind a proxy. */
async function gate(staged: Staged, proxy: string, selector: string, shut: number): Promise<void> {
  const { facts, signers, upgrade } = staged;
  const code = facts.proxies.find(({ address }) => address === proxy)!.implementation;
  await upgrade(proxy, await new Gated__factory(signers[0]!).deploy(code, selector, selector, shut, signers[7]!));
}

interface TimelockChanges {
  delay?: bigint;
  council?: string[];
  councilThreshold?: bigint;
  evidence?: string;
}

/** This package's timelock, made of other values, in the place of the suite's. */
async function timelock({ facts, signers, setCodeOf, setStorage }: Staged, changes: TimelockChanges): Promise<void> {
  const { chain: p, timelock: found } = facts;
  const { delay = found.own!.minimumDelay } = changes;
  const made = await new UpgradeTimelock__factory(signers[0]!).deploy({
    ...{ delay, forceInclusionDelay: p.forceInclusionDelay, permissionlessDelay: p.permissionlessDelay },
    ...{ challengeWindow: p.challengeWindow, disputeDuration: p.disputeDuration, exitMargin: found.own!.exitMargin },
    ...{ chain: facts.escrow.chain, upgrader: signers[0]!.address, cancellers: [], council: [] as string[] },
    ...{ councilThreshold: 0n, evidence: ZeroAddress, ...changes },
  });
  await setCodeOf(found.address, made);
  await setStorage(found.address, MIN_DELAY, delay);
}

async function council(
  staged: Staged,
  count: number,
  councilThreshold: bigint,
  evidence?: { getAddress(): Promise<string> },
): Promise<void> {
  const { signers, facts, connection } = staged;
  const members = signers.slice(1, 1 + count).map(({ address }) => address);
  const checks = evidence ?? (await new StepEvidence__factory(signers[0]!).deploy(facts.escrow.chain));
  await timelock(staged, { council: members, councilThreshold, evidence: await checks.getAddress() });
  const { address } = facts.timelock;
  const self = await connection.ethers.getImpersonatedSigner(address);
  await connection.networkHelpers.setBalance(address, 10n ** 18n);
  for (const member of members) {
    await UpgradeTimelock__factory.connect(address, self).grantRole(id("COUNCIL_ROLE"), member);
  }
}
