import { writeFile } from "node:fs/promises";

import { expect } from "chai";
import { parseEther, type Signer, ZeroHash } from "ethers";
import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";
import type { NetworkConnection } from "hardhat/types/network";

import { readDeployment } from "../../deploy/address-book.js";
import type { RollupChain } from "../../plugin/hardhat/types.js";
import { ChainWithNotes__factory, StateCommitmentChain__factory } from "../../typechain-types/index.js";
import { startL1, type RemoteL1 } from "./support/l1.js";
import { runTask, succeed, type TaskRun } from "./support/run.js";

const DAY = 86_400n;
/** Positions of the accounts. */
const UPGRADER = "5";
const CANCELLER = "6";
const NOBODY = "7";
const COUNCIL = ["8", "9", "10"];

const NOTES = { what: "propose", proxy: "StateCommitmentChain", contract: "ChainWithNotes", from: UPGRADER };

describe("rollup:upgrade", function () {
  this.timeout(120_000);
  let l1: RemoteL1;
  let hre: HardhatRuntimeEnvironment;
  let connection: NetworkConnection;
  let chain: RollupChain;
  let restore: () => Promise<void>;

  before(async () => {
    l1 = await startL1();
    hre = await l1.connect();
    connection = await hre.network.getOrCreate();
    const council = (await Promise.all(COUNCIL.map((position) => addressOf(position)))).join(",");
    const [upgrader, cancellers] = [await addressOf(UPGRADER), await addressOf(CANCELLER)];
    succeed(await runTask(hre, "rollup:deploy", { upgrader, cancellers, council, upgradeDelay: "5d" }));
    chain = await connection.rollup.attach(`${l1.folder}/remote/rollup.json`);
  });
  after(() => l1.close());
  beforeEach(async () => {
    const id: unknown = await connection.ethers.provider.send("evm_snapshot", []);
    restore = async () => void (await connection.ethers.provider.send("evm_revert", [id]));
  });
  afterEach(() => restore());

  async function signerAt(position: string): Promise<Signer> {
    const found = (await connection.ethers.getSigners())[Number(position)];
    if (found === undefined) throw new Error(`no account ${position}`);
    return found;
  }

  async function addressOf(position: string): Promise<string> {
    return (await signerAt(position)).getAddress();
  }

  const upgrade = (input: Record<string, string | boolean>): Promise<TaskRun> => runTask(hre, "rollup:upgrade", input);

  async function refused(input: Record<string, string | boolean>, reason: RegExp): Promise<void> {
    const run = await upgrade(input);
    expect(run.exitCode).to.equal(1);
    expect(run.errors.join("\n")).to.match(reason);
  }

  async function passTime(seconds: bigint): Promise<void> {
    await connection.ethers.provider.send("evm_increaseTime", [Number(seconds)]);
    await connection.ethers.provider.send("evm_mine", []);
  }

  const now = async (): Promise<bigint> =>
    BigInt((await connection.ethers.provider.getBlock("latest"))?.timestamp ?? 0);

  it("is rehearsed end to end: proposed, disliked, users leave in time, executed, with all state in place", async () => {
    const [alice, bob] = [await signerAt("1"), await signerAt("2")];
    await chain.deposit(alice, { amount: parseEther("3") });
    const wallet = chain.l2.wallet(alice);
    await (await wallet.sendTransaction({ to: await bob.getAddress(), value: parseEther("1") })).wait();
    await chain.sequencer.post();

    const dry = succeed(await upgrade({ ...NOTES, dryRun: true }));
    expect(dry.stdout).to.match(/functions added.*addNote\(uint64 index, bytes32 note\)/);
    expect(succeed(await upgrade({ what: "list" })).stdout).to.match(/^Nothing was ever announced/);
    const proposed = succeed(await upgrade(NOTES));
    expect(proposed.stdout).to.match(/storage added.*storage: notes, mapping\(uint64 => bytes32\)/);
    const { id, executableAt, codeHash, implementation } = proposed.value as {
      id: string;
      executableAt: bigint;
      codeHash: string;
      implementation: string;
    };

    // Whoever reads the chain alone sees it, before it executes.
    const listed = succeed(await upgrade({ what: "list", from: NOBODY }));
    expect(listed.stdout).to.include(`${id}  waits until`);
    expect(listed.stdout).to.include(`gives StateCommitmentChain the code at ${implementation}, hash ${codeHash}`);
    const shown = succeed(await upgrade({ what: "show", from: NOBODY }));
    expect(shown.stdout).to.include("has the hash that was announced");
    expect(shown.stdout).to.match(/Whoever dislikes it leaves: who asks on L1 by \S+ \(in \d+d \d+h/);
    expect(shown.value.leaveBy).to.be.greaterThan(await now());

    // Alice dislikes it, and the sequencer would rather keep her.
    const forced = await chain.forceWithdrawal(alice, { amount: "all" });
    await chain.finalize();
    const before = await connection.ethers.provider.getBalance(await alice.getAddress());
    await chain.claim(forced, bob);
    expect((await connection.ethers.provider.getBalance(await alice.getAddress())) - before).to.be.greaterThan(
      parseEther("1.9"),
    );
    expect(await now()).to.be.lessThan(executableAt);

    await refused({ what: "execute", from: UPGRADER }, /can be executed from \S+ on, in \d+d \d+h/);
    const state = async () => {
      const { chain: contract, bridge } = chain.contracts;
      const [{ head, finalizedHead }, hash] = [await contract.heads(), await contract.headerHash(1n)];
      return [
        head,
        finalizedHead,
        hash,
        await bridge.messageCount(),
        await connection.ethers.provider.getBalance(bridge),
      ];
    };
    const kept = await state();
    await passTime(executableAt - (await now()));
    const executed = succeed(await upgrade({ what: "execute", from: UPGRADER }));
    expect(executed.stdout).to.include(`Executed operation ${id}`);
    expect(await state()).to.deep.equal(kept);

    const notes = ChainWithNotes__factory.connect(await chain.contracts.chain.getAddress(), bob);
    await (await notes.addNote(1n, codeHash)).wait();
    expect(await notes.notes(1n)).to.equal(codeHash);
    const { contracts } = await readDeployment(`${l1.folder}/remote/rollup.json`);
    expect(contracts.StateCommitmentChain.implementation).to.deep.equal({ address: implementation, codeHash });

    // Bob, who stayed, goes on as before.
    const left = await chain.l2.withdraw(bob, { amount: parseEther("0.5") });
    await chain.finalize();
    await chain.claim(left, alice);
    await refused({ what: "execute", from: UPGRADER, id }, /was executed$/);
    // And back, which drops what was added.
    await refused(
      { ...NOTES, contract: "StateCommitmentChain" },
      /ChainWithNotes: storage, position 0: notes is gone$/,
    );
  });

  describe("refuses to announce", () => {
    it("storage that does not fit, thing by thing", async () => {
      const run = await upgrade({ ...NOTES, contract: "MisplacedChain" });
      expect(run.errors).to.deep.equal([
        "MisplacedChain cannot take the place of StateCommitmentChain: erc7201:hardhat-rollup.storage.StateCommitmentChain, position 0 is headerHashes, was heads",
        "MisplacedChain cannot take the place of StateCommitmentChain: erc7201:hardhat-rollup.storage.StateCommitmentChain, position 1 is heads, was headerHashes",
        "MisplacedChain cannot take the place of StateCommitmentChain: erc7201:hardhat-rollup.storage.StateCommitmentChain, position 2: disputed is uint256, was mapping(bytes32 => bool)",
      ]);
    });

    it("code that leads to other code", async () => {
      await refused({ ...NOTES, contract: "DelegatingChain" }, /has DELEGATECALL: that would be a second path/);
    });

    it("code at an address that is not the contract's, or none", async () => {
      const { address } = (await readDeployment(`${l1.folder}/remote/rollup.json`)).contracts.DataAvailability;
      await refused(
        { ...NOTES, implementation: address },
        /\(hash 0x[0-9a-f]{64}\) is not that of ChainWithNotes; name/,
      );
      await refused({ ...NOTES, implementation: await addressOf(NOBODY) }, /^there is no code at 0x/);
    });

    it("a delay below the least, and parameters that make leaving longer than the notice", async () => {
      await refused({ ...NOTES, delay: "4d" }, /--delay 4d is too short; upgrades of this rollup wait at least 5d$/);
      await refused({ ...NOTES, delay: "soon" }, /--delay soon is no time/);
      const file = `${l1.folder}/longer.json`;
      await writeFile(file, '{ "challengeWindow": "4d", "escapeDelay": "30d" }');
      await refused(
        { ...NOTES, arguments: file },
        /^leaving would take up to .*, margin included \(now .*\); upgrades wait 5d/,
      );
      await writeFile(file, '{ "challengeWindows": "2h" }');
      await refused({ ...NOTES, arguments: file }, /there is no parameter challengeWindows; there are inbox, /);
    });

    it("what another account asks for, and what is not there", async () => {
      await refused({ ...NOTES, from: NOBODY }, new RegExp(`announces nothing; ${await addressOf(UPGRADER)} does`));
      await refused(
        { ...NOTES, proxy: "UpgradeTimelock" },
        /--proxy UpgradeTimelock is none; there are L1EscrowBridge/,
      );
      await refused({ ...NOTES, contract: "NoSuchChain" }, /there is no compiled contract NoSuchChain/);
      await refused({ what: "prepose" }, /prepose is no step of an upgrade; there are propose, list/);
    });
  });

  it("announces other parameters of the same code, and shows what changes", async () => {
    const file = `${l1.folder}/parameters.json`;
    await writeFile(file, '{ "challengeWindow": "2h" }');
    const run = succeed(await upgrade({ ...NOTES, contract: "StateCommitmentChain", arguments: file }));
    expect(run.stdout).to.match(/parameters changed.*challengeWindow: 1h, now 2h/);
    expect(succeed(await upgrade({ what: "show" })).stdout).to.match(/challengeWindow: 1h, now 2h/);
    await passTime(5n * DAY);
    succeed(await upgrade({ what: "execute", from: UPGRADER }));
    const book = await readDeployment(`${l1.folder}/remote/rollup.json`);
    expect(book.parameters).to.deep.equal({ ...chain.deployment.parameters, challengeWindow: 7_200n });
    expect(Object.keys(book.contracts)).to.have.members(Object.keys(chain.deployment.contracts));
    const { address } = chain.deployment.contracts.StateCommitmentChain;
    expect(
      (await StateCommitmentChain__factory.connect(address, connection.ethers.provider).parameters()).challengeWindow,
    ).to.equal(7_200n);
  });

  it("lists and executes what is no upgrade, and several calls in one operation", async () => {
    const { timelock, bridge } = chain.contracts;
    const own = timelock.connect(await signerAt(UPGRADER));
    const target = await timelock.getAddress();
    const longer = timelock.interface.encodeFunctionData("updateDelay", [6n * DAY]);
    const role = await timelock.CANCELLER_ROLE();
    const grant = timelock.interface.encodeFunctionData("grantRole", [role, await addressOf(NOBODY)]);
    const rest = [ZeroHash, ZeroHash, 5n * DAY] as const;
    await (await own.schedule(await bridge.getAddress(), 0n, "0x12345678", ...rest)).wait();
    await (await own.scheduleBatch([target, target], [0n, 0n], [longer, grant], ...rest)).wait();
    const run = succeed(await upgrade({ what: "list" }));
    expect(run.stdout).to.include("calls L1EscrowBridge: 0x12345678");
    expect(run.stdout).to.include(`calls UpgradeTimelock: updateDelay(${6n * DAY})`);
    expect(run.stdout).to.include(`calls UpgradeTimelock: grantRole(${role}, ${await addressOf(NOBODY)})`);
    await refused({ what: "show" }, /^2 operations wait; name one by --id, rollup:upgrade list has all$/);

    const [, second] = run.value.operations as { id: string }[];
    await passTime(5n * DAY);
    succeed(await upgrade({ what: "execute", from: UPGRADER, id: second?.id ?? "" }));
    expect(await timelock.getMinDelay()).to.equal(6n * DAY);
    expect(await timelock.hasRole(role, await addressOf(NOBODY))).to.equal(true);
  });

  describe("once announced", () => {
    let id: string;
    let implementation: string;

    beforeEach(async () => {
      ({ id, implementation } = succeed(await upgrade(NOTES)).value as { id: string; implementation: string });
    });

    it("is called off by a canceller, and by nobody else but the upgrader", async () => {
      await refused({ what: "cancel", from: NOBODY }, /calls off nothing; 0x.* does, name it by --from$/);
      await refused({ what: "execute", from: CANCELLER }, /executes nothing/);
      expect(succeed(await upgrade({ what: "cancel", from: CANCELLER })).stdout).to.include(
        `Called off operation ${id}`,
      );
      await refused({ what: "execute", from: UPGRADER, id }, /was called off$/);
      await refused({ what: "execute", from: UPGRADER }, /^no operation waits; name one by --id/);
      await refused({ what: "show", id: `0x${"12".repeat(32)}` }, /^no operation 0x(12){32} was announced/);
      await refused({ what: "show", id: "12" }, /--id 12 is no operation hash/);
    });

    it("is refused at execution when the code is another than announced", async () => {
      await passTime(5n * DAY);
      await connection.ethers.provider.send("hardhat_setCode", [implementation, "0x00"]);
      expect(succeed(await upgrade({ what: "show" })).stdout).to.match(/was announced, so it will be REFUSED/);
      await refused(
        { what: "execute", from: UPGRADER },
        /has code with hash 0x[0-9a-f]{64}; 0x[0-9a-f]{64} was announced$/,
      );
    });

    it("lapses, and is announced anew as another operation", async () => {
      await passTime(5n * DAY + 14n * DAY);
      expect(succeed(await upgrade({ what: "list" })).stdout).to.match(/lapsed at/);
      await refused(
        { what: "execute", from: UPGRADER, id },
        /lapsed at \S+; announce it anew by rollup:upgrade propose$/,
      );
      const again = succeed(await upgrade({ ...NOTES, implementation })).value;
      expect(again.id).not.to.equal(id);
      expect(again.implementation).to.equal(implementation);
    });

    it("waits although the council wants it at once, as long as there is no evidence", async () => {
      await refused({ what: "confirm", from: NOBODY }, /confirms nothing/);
      const evidence = connection.ethers.AbiCoder.defaultAbiCoder().encode(
        ["bytes32", "bytes", "bytes"],
        [`0x${"11".repeat(32)}`, "0x", "0x"],
      );
      await refused({ what: "execute", from: UPGRADER, evidence }, /0 members of the council are named, 3 are needed$/);
      for (const member of COUNCIL) succeed(await upgrade({ what: "confirm", from: member }));
      expect(succeed(await upgrade({ what: "show" })).stdout).to.match(/Confirmed by 3 of the council/);
      await refused({ what: "execute", from: UPGRADER, evidence }, /^L1 refuses executing the operation: /);
      expect(succeed(await upgrade({ what: "list" })).stdout).to.include(`${id}  waits until`);
    });
  });
});
