import { expect } from "chai";
import { Contract, getBytes, Interface, keccak256, type Signer, toBeHex } from "ethers";
import { network } from "hardhat";

import { memoryJournal } from "../../../deploy/journal.js";
import { resolveParameters, type RollupParametersInput } from "../../../deploy/parameters.js";
import { PROXY_ORDER } from "../../../deploy/proxies.js";
import { readProxySlots } from "../../../deploy/slots.js";
import { deploySuite } from "../../../deploy/suite.js";
import { circuitProgram } from "../../../plugin/l1/program.js";
import { readRoles } from "../../../plugin/l1/roles.js";
import { programIdOf } from "../../../plugin/prover/encode.js";
import type { Deployment, Hex } from "../../../plugin/types.js";
import { codeChanging } from "../../../plugin/upgrade/opcodes.js";
import {
  L1EscrowBridge__factory,
  SequencerRegistry__factory,
  StateCommitmentChain__factory,
  UpgradeTimelock__factory,
} from "../../../typechain-types/index.js";
import { memberKeys } from "../../support/committee.js";
import { someKey } from "../../support/groth16.js";
import { SOME_PROGRAM } from "../../support/program.js";

/** Where OpenZeppelin's Initializable counts. */
const INITIALIZED_SLOT = "0xf0c57e16840df040f15088dc2f81fe391c3923bec73e23a9662efc9c229c6a00";
/** ERC-1967: keccak256("eip1967.proxy.beacon") - 1. */
const BEACON_SLOT = "0xa3f0ad74e5423aebfd80d3ef4346578335a9a72aeaee59ff6cb3582b35133d50";
const NEVER_AGAIN = toBeHex(2n ** 64n - 1n, 32);

const MEMBERS = memberKeys(3).map(({ address }) => address);
const [CANCELLER = "", ...COUNCIL] = memberKeys(4).map(({ address }) => address);

/** Code of a proxy, whose one way to another code the timelock has. */
const PROXIES: readonly string[] = PROXY_ORDER;

describe("a second path to another code", () => {
  const suites: [name: string, input: RollupParametersInput][] = [
    ["fraud proofs, calldata", { cancellers: [CANCELLER], council: COUNCIL }],
    ["fraud proofs, blobs", { da: "blob" }],
    ["fraud proofs, a committee", { da: "committee", committeeMembers: MEMBERS }],
    ["validity proofs, calldata", { proof: "validity", cancellers: [CANCELLER], council: COUNCIL }],
    ["validity proofs, a committee", { proof: "validity", da: "committee", committeeMembers: MEMBERS }],
  ];

  for (const [name, input] of suites) {
    describe(`in a suite with ${name}`, () => {
      let signer: Signer;
      let stranger: Signer;
      let deployment: Deployment;
      let codeAt: (address: string) => Promise<string>;
      let slotOf: (address: string, slot: string) => Promise<string>;

      before(async () => {
        const { ethers } = await network.create();
        const [first, second] = await ethers.getSigners();
        if (first === undefined || second === undefined) throw new Error("the network has no accounts");
        [signer, stranger] = [first, second];
        codeAt = (address) => ethers.provider.getCode(address);
        slotOf = (address, slot) => ethers.provider.getStorage(address, slot);
        const deployer = first.address as Hex;
        const parameters = resolveParameters(input, { preset: "dev", l1ChainId: 31337n, deployer });
        const keys = {
          onL1: someKey("on L1"),
          ...(parameters.da === "committee" ? { withCommittee: someKey("with") } : {}),
        };
        const proof =
          parameters.proof === "fraud"
            ? { program: SOME_PROGRAM }
            : { program: circuitProgram(programIdOf(keys.onL1) as Hex), keys };
        const options = { network: "test", parameters, signer, bond: true, journal: memoryJournal() };
        ({ deployment } = await deploySuite({ ...options, ...proof, restartOnNewChain: true }));
      });

      it("is in no code: only proxies delegate, and nothing destroys itself", async () => {
        const found: Record<string, string[]> = {};
        for (const [contract, { address, implementation }] of Object.entries(deployment.contracts)) {
          found[contract] = codeChanging(getBytes(await codeAt(address)));
          if (implementation !== undefined) {
            found[`${contract} code`] = codeChanging(getBytes(await codeAt(implementation.address)));
          }
        }
        expect(Object.keys(found)).to.have.length.of.at.least(12);
        for (const [contract, instructions] of Object.entries(found)) {
          // The factory holds the code of proxies as data.
          const isProxy = PROXIES.includes(contract) || contract === "SuiteFactory";
          expect(instructions, contract).to.deep.equal(isProxy ? ["DELEGATECALL"] : []);
        }
      });

      it("is behind no proxy's admin but the timelock, and behind no beacon", async () => {
        const { provider } = signer;
        if (provider === null) throw new Error("no provider");
        const timelock = UpgradeTimelock__factory.connect(deployment.contracts.UpgradeTimelock.address, signer);
        const [proxyCode, adminCode] = [new Set<string>(), new Set<string>()];
        for (const proxy of PROXY_ORDER) {
          const { address } = deployment.contracts[proxy];
          const { admin } = await readProxySlots(provider, address);
          expect(admin).to.equal(await timelock.adminOf(address));
          adminCode.add(await codeAt(admin));
          const owned = new Contract(admin, ["function owner() view returns (address)"], signer);
          expect(await owned.getFunction("owner")()).to.equal(await timelock.getAddress());
          expect(BigInt(await slotOf(address, BEACON_SLOT))).to.equal(0n);
          proxyCode.add(keccak256((await codeAt(address)).toLowerCase().replaceAll(admin.slice(2).toLowerCase(), "")));
        }
        expect([proxyCode.size, adminCode.size]).to.deep.equal([1, 1]);
        for (const code of adminCode) expect(codeChanging(getBytes(code))).to.deep.equal([]);
      });

      it("is no role: whoever announces, executes, calls off or confirms is named", async () => {
        const { address } = deployment.contracts.UpgradeTimelock;
        const { upgrader, cancellers, council } = deployment.parameters;
        expect(await readRoles(UpgradeTimelock__factory.connect(address, signer))).to.deep.equal({
          proposers: [upgrader],
          executors: [upgrader],
          cancellers: [upgrader, ...cancellers].sort((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1)),
          council,
          admins: [address],
        });
      });

      it("is no initialiser, at a proxy or at the code behind it, whoever calls", async () => {
        const factories = {
          L1EscrowBridge: L1EscrowBridge__factory,
          StateCommitmentChain: StateCommitmentChain__factory,
          SequencerRegistry: SequencerRegistry__factory,
        };
        for (const proxy of PROXY_ORDER) {
          const { address, implementation } = deployment.contracts[proxy];
          const face = new Interface(factories[proxy].abi);
          const initialisers: string[] = [];
          face.forEachFunction(({ name }) => void (/^(re)?init/i.test(name) && initialisers.push(name)));
          expect(initialisers, proxy).to.deep.equal(["initialize"]);
          for (const at of [address, implementation?.address ?? ""]) {
            const contract = new Contract(at, face, signer);
            const initialise = contract.getFunction("initialize");
            const values = initialise.fragment.inputs.map(() => deployment.parameters.upgrader);
            for (const caller of [signer, stranger]) {
              const call = (contract.connect(caller) as Contract).getFunction("initialize");
              await expect(call(...values)).to.be.revertedWithCustomError(contract, "InvalidInitialization");
            }
          }
          expect(await slotOf(implementation?.address ?? "", INITIALIZED_SLOT)).to.equal(NEVER_AGAIN);
        }
      });
    });
  }

  it("would be seen: instructions are told from the data of a push", () => {
    const code = (hex: string) => codeChanging(getBytes(hex));
    expect(code("0x60f461f4ff7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff00")).to.deep.equal([]);
    expect(code("0x60f4f4f2ff")).to.deep.equal(["DELEGATECALL", "CALLCODE", "SELFDESTRUCT"]);
    expect(code("0x5ff4f4")).to.deep.equal(["DELEGATECALL"]);
    expect(code("0x")).to.deep.equal([]);
  });
});
