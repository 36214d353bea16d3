import { expect } from "chai";
import { Interface, keccak256, toBeHex, ZeroHash } from "ethers";
import { network } from "hardhat";

import { creationsOf } from "../../deploy/creations.js";
import { memoryJournal } from "../../deploy/journal.js";
import { deploySuite } from "../../deploy/suite.js";
import { verifyDeployment, type VerifyOptions } from "../../deploy/verify.js";
import {
  contractOf,
  type Deployment,
  type Hex,
  type RollupParameters,
  type SuiteContracts,
} from "../../plugin/types.js";
import { L1EscrowBridge__factory, UpgradeTimelock__factory } from "../../typechain-types/index.js";
import { memberKeys } from "../support/committee.js";
import { type Deployer, deploymentOf } from "./support/deployment.js";

/** ERC-1967. */
const IMPLEMENTATION_SLOT = "0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc";
const ADMIN_SLOT = "0xb53127684a568b3173ae13b9f8a6016e243e63b6e8ee1178d6a717850b5d6103";

type Recorded = keyof SuiteContracts;

const [FIRST = "", SECOND = "", THIRD = "", STRANGER = ""] = memberKeys(4).map(({ address }) => address);
const HASH = "0x\\w{64}";
const ADDRESS = "0x\\w{40}";
/** What code stands for here: another one than any of the suite. */
const OTHER_CODE = "0x60006000fd";

describe("the audit after a deployment", () => {
  let signer: Deployer;
  let book: Deployment;
  let unused: NonNullable<VerifyOptions["unused"]>;
  let send: (method: string, ...params: unknown[]) => Promise<unknown>;
  let snapshot: unknown;

  before(async () => {
    const { ethers } = await network.create();
    signer = (await ethers.getSigners())[0] as unknown as Deployer;
    send = (method, ...params) => ethers.provider.send(method, params);
    const input = { cancellers: [FIRST], council: [FIRST, SECOND, THIRD] };
    const options = await deploymentOf(signer, input, memoryJournal());
    book = (await deploySuite(options)).deployment;
    unused = { bond: book.parameters.sequencerBond };
  });
  beforeEach(async () => {
    snapshot = await send("evm_snapshot");
  });
  afterEach(() => send("evm_revert", snapshot));

  async function linesOf(deployment = book, options: VerifyOptions = { unused }): Promise<string[]> {
    const checks = await verifyDeployment(deployment, signer.provider, options);
    return checks
      .filter(({ ok }) => !ok)
      .map(({ name, expected, actual }) => `${name}: expected ${expected}, found ${actual}`);
  }

  const setCode = (address: string, code: string) => send("hardhat_setCode", address, code);
  const implementationOf = (name: "L1EscrowBridge" | "StateCommitmentChain" | "SequencerRegistry") =>
    book.contracts[name].implementation!.address;

  /** Acts as the timelock, whose own rights nobody can use without an upgrade. */
  async function asTimelock(name: "grantRole" | "revokeRole" | "updateDelay", values: unknown[]): Promise<void> {
    const { address: from } = book.contracts.UpgradeTimelock;
    await send("hardhat_impersonateAccount", from);
    await send("hardhat_setBalance", from, "0xde0b6b3a7640000");
    const data = new Interface(UpgradeTimelock__factory.abi).encodeFunctionData(name, values);
    await send("eth_sendTransaction", { from, to: from, data });
  }
  const timelock = () => UpgradeTimelock__factory.connect(book.contracts.UpgradeTimelock.address, signer);

  /** A contract that was created with another parameter, by a deployer who wrote its hash into the book. */
  async function createdWith(name: Recorded, changed: Partial<RollupParameters>): Promise<Deployment> {
    const { state, creations } = await creationsOf(book, signer.provider);
    const { step, address } = creations.find((creation) => creation.name === name)!;
    const { data } = await step.request({ ...state, parameters: { ...state.parameters, ...changed } });
    const code = await signer.provider.call({ from: state.deployer, data });
    await setCode(address, code);
    return recorded(name, code);
  }

  function recorded(name: Recorded, code: string): Deployment {
    const codeHash = keccak256(code) as Hex;
    const record = book.contracts[name]!;
    const changed =
      record.implementation === undefined
        ? { ...record, codeHash }
        : { ...record, implementation: { ...record.implementation, codeHash } };
    return { ...book, contracts: { ...book.contracts, [name]: changed } };
  }

  it("finds nothing in one that nobody broke", async () => {
    expect(await linesOf()).to.deep.equal([]);
  });

  const faults: [what: string, line: string, make: () => Promise<Deployment | undefined | void>][] = [
    ["another chain", "L1 chain id: expected 1, found 31337", () => Promise.resolve({ ...book, l1ChainId: 1n })],
    [
      "code of a contract",
      `DataAvailability code hash: expected ${HASH}, found ${HASH}`,
      async () => void (await setCode(book.contracts.DataAvailability.address, OTHER_CODE)),
    ],
    [
      "a missing contract",
      `OneStepVerifier code hash: expected ${HASH}, found no code`,
      async () => void (await setCode(contractOf(book.contracts, "OneStepVerifier").address, "0x")),
    ],
    [
      "a missing factory",
      `SuiteFactory code hash: expected ${HASH}, found no code`,
      async () => void (await setCode(book.contracts.SuiteFactory.address, "0x")),
    ],
    [
      "code of the judge",
      `DisputeGame code hash: expected ${HASH}, found ${HASH}`,
      async () => void (await setCode(contractOf(book.contracts, "DisputeGame").address, OTHER_CODE)),
    ],
    [
      "code of the timelock",
      `UpgradeTimelock code hash: expected ${HASH}, found ${HASH}`,
      async () => void (await setCode(book.contracts.UpgradeTimelock.address, OTHER_CODE)),
    ],
    [
      "code of a proxy",
      `SequencerRegistry code hash: expected ${HASH}, found ${HASH}`,
      async () => void (await setCode(book.contracts.SequencerRegistry.address, OTHER_CODE)),
    ],
    [
      "code behind a proxy",
      `L1EscrowBridge implementation code hash: expected ${HASH}, found ${HASH}`,
      async () => void (await setCode(implementationOf("L1EscrowBridge"), OTHER_CODE)),
    ],
    [
      "code that is not the package's, as its deployer recorded it",
      `StateProof bytecode: expected ${HASH}, found ${HASH}`,
      async () => {
        const { address } = book.contracts.StateProof;
        const code = `${await signer.provider.getCode(address)}00`;
        await setCode(address, code);
        return recorded("StateProof", code);
      },
    ],
    [
      "a proxy that delegates elsewhere",
      `SequencerRegistry implementation slot: expected ${ADDRESS}, found ${ADDRESS}`,
      async () => {
        const copy = `0x${"c0".repeat(20)}`;
        await setCode(copy, await signer.provider.getCode(implementationOf("SequencerRegistry")));
        await send(
          "hardhat_setStorageAt",
          book.contracts.SequencerRegistry.address,
          IMPLEMENTATION_SLOT,
          toBeHex(copy, 32),
        );
      },
    ],
    [
      "a proxy that says it has another admin",
      `StateCommitmentChain admin slot: expected ${ADDRESS}, found ${STRANGER}`,
      async () =>
        void (await send(
          "hardhat_setStorageAt",
          book.contracts.StateCommitmentChain.address,
          ADMIN_SLOT,
          toBeHex(STRANGER, 32),
        )),
    ],
    [
      "an admin that the book invented",
      `L1EscrowBridge admin of the address book: expected ${ADDRESS}, found ${STRANGER}`,
      () =>
        Promise.resolve({
          ...book,
          contracts: {
            ...book.contracts,
            L1EscrowBridge: { ...book.contracts.L1EscrowBridge, proxyAdmin: STRANGER as Hex },
          },
        }),
    ],
    [
      "an admin of somebody else",
      `L1EscrowBridge admin's owner: expected ${ADDRESS}, found ${STRANGER}`,
      async () =>
        void (await send(
          "hardhat_setStorageAt",
          book.contracts.L1EscrowBridge.proxyAdmin,
          ZeroHash,
          toBeHex(STRANGER, 32),
        )),
    ],
    [
      "an admin with other code",
      `L1EscrowBridge admin's code: expected the ProxyAdmin in the factory's code, found code with hash ${HASH}`,
      async () => void (await setCode(book.contracts.L1EscrowBridge.proxyAdmin!, OTHER_CODE)),
    ],
    [
      "a proxy that the factory did not create",
      `SequencerRegistry address from the factory: expected ${ADDRESS}, found ${ADDRESS}`,
      async () => {
        const foreign = (await deploySuite(await deploymentOf(signer, {}, memoryJournal()))).deployment;
        return { ...book, contracts: { ...book.contracts, SequencerRegistry: foreign.contracts.SequencerRegistry } };
      },
    ],
    [
      "another contract in the book",
      `StateCommitmentChain.dataAvailability: expected ${ADDRESS}, found ${ADDRESS}`,
      async () => {
        const foreign = (await deploySuite(await deploymentOf(signer, {}, memoryJournal()))).deployment;
        return { ...book, contracts: { ...book.contracts, DataAvailability: foreign.contracts.DataAvailability } };
      },
    ],
    [
      "a genesis of another time",
      `genesis header: expected ${HASH}, found ${HASH}`,
      () =>
        Promise.resolve({
          ...book,
          genesis: { ...book.genesis, timestamp: book.genesis.timestamp + 1n },
        }),
    ],
    [
      "a smaller bond of sequencers",
      "SequencerRegistry.minimumBond: expected \\d+, found 1",
      () => createdWith("SequencerRegistry", { sequencerBond: 1n }),
    ],
    [
      "a shorter time to escape",
      "StateCommitmentChain.escapeDelay: expected \\d+, found 9700",
      () => createdWith("StateCommitmentChain", { escapeDelay: 9_700n }),
    ],
    [
      "another guardian",
      `L1EscrowBridge.guardian: expected ${ADDRESS}, found ${STRANGER}`,
      () => createdWith("L1EscrowBridge", { guardian: STRANGER as Hex }),
    ],
    [
      "cheaper claims",
      "DisputeGame.baseBond: expected \\d+, found 1",
      () => createdWith("DisputeGame", { disputeBond: 1n }),
    ],
    [
      "a longer delay of upgrades",
      "UpgradeTimelock delay: expected (\\d+), found \\d+",
      async () => asTimelock("updateDelay", [book.parameters.upgradeDelay + 1n]),
    ],
    ...(["PROPOSER", "EXECUTOR", "CANCELLER", "COUNCIL"] as const).map((role): (typeof faults)[number] => {
      const plural = role === "COUNCIL" ? "council" : `${role.toLowerCase()}s`;
      const list = `${ADDRESS}(, ${ADDRESS})*`;
      return [
        `one more ${role.toLowerCase()}`,
        `UpgradeTimelock ${plural}: expected ${list}, found ${list}`,
        async () => asTimelock("grantRole", [await timelock()[`${role}_ROLE`](), STRANGER]),
      ];
    }),
    [
      "a canceller less",
      `UpgradeTimelock cancellers: expected ${ADDRESS}, ${ADDRESS}, found ${ADDRESS}`,
      async () => asTimelock("revokeRole", [await timelock().CANCELLER_ROLE(), FIRST]),
    ],
    [
      "a message in the inbox",
      "L1EscrowBridge inbox messages before the hand-over: expected 0, found 1",
      async () =>
        void (await L1EscrowBridge__factory.connect(book.contracts.L1EscrowBridge.address, signer).forceTransaction(
          "0x12",
        )),
    ],
    [
      "paused deposits",
      "L1EscrowBridge pause of deposits before the hand-over: expected 0, found \\d+",
      async () =>
        void (await L1EscrowBridge__factory.connect(book.contracts.L1EscrowBridge.address, signer).pauseDeposits()),
    ],
    [
      "money in the bridge",
      "L1EscrowBridge balance before the hand-over: expected 0, found 1",
      async () => void (await send("hardhat_setBalance", book.contracts.L1EscrowBridge.address, "0x1")),
    ],
    [
      "a bond that is gone",
      "SequencerRegistry balance before the hand-over: expected \\d+, found 0",
      async () => void (await send("hardhat_setBalance", book.contracts.SequencerRegistry.address, "0x0")),
    ],
    [
      "an operation that waits",
      "UpgradeTimelock operations announced before the hand-over: expected 0, found 1",
      async () =>
        void (await timelock().schedule(STRANGER, 0n, "0x", ZeroHash, ZeroHash, book.parameters.upgradeDelay)),
    ],
  ];
  for (const [what, line, make] of faults) {
    it(`names in one line: ${what}`, async () => {
      const changed = await make();
      const lines = await linesOf(changed ?? book);
      expect(lines).to.have.length(1);
      expect(lines[0]).to.match(new RegExp(`^${line}$`));
    });
  }

  it("asks who used it only when it is told that nobody should have", async () => {
    await L1EscrowBridge__factory.connect(book.contracts.L1EscrowBridge.address, signer).forceTransaction("0x12");
    expect(await linesOf(book, {})).to.deep.equal([]);
  });
});

describe("the audit of a rollup that is in use", () => {
  it("names messages, money and batches before a hand-over", async () => {
    const { rollup, ethers } = await network.create();
    const chain = await rollup.deploy();
    const [alice] = await ethers.getSigners();
    await chain.deposit(alice!, { amount: 5n });
    await chain.sequencer.post();
    const unused = { bond: chain.deployment.parameters.sequencerBond };
    const checks = await verifyDeployment(chain.deployment, ethers.provider, { unused });
    const failed = checks.filter(({ ok }) => !ok).map(({ name, actual }) => `${name} ${actual}`);
    expect(failed).to.deep.equal([
      "L1EscrowBridge inbox messages before the hand-over 1",
      "L1EscrowBridge balance before the hand-over 5",
      "StateCommitmentChain batches before the hand-over 1",
    ]);
    await chain.close();
  });
});
