import { HDNodeWallet, Mnemonic, type Provider, type Signer } from "ethers";
import { network } from "hardhat";

import { memoryJournal as deployJournal } from "../../../deploy/journal.js";
import { resolveParameters, type RollupParametersInput } from "../../../deploy/parameters.js";
import { deploySuite } from "../../../deploy/suite.js";
import type { Deployment, Hex, MachineProgram } from "../../../plugin/types.js";
import { SOME_PROGRAM } from "../../support/program.js";
import { anvilPath, startAnvil } from "./anvil.js";

/** A local L1 with funded accounts. */
export interface TestL1 {
  provider: Provider;
  /** An account that signs by itself. */
  wallet(index: number): Signer & { address: string };
  /** The same account, signed for by the node. */
  nodeSigner(index: number): Promise<Signer>;
  send(method: string, ...parameters: unknown[]): Promise<unknown>;
  mine(blocks?: number): Promise<void>;
  /** Moves L1's clock and mines. */
  pass(seconds: bigint): Promise<void>;
  stop(): Promise<void>;
}

const MNEMONIC = Mnemonic.fromPhrase("test test test test test test test test test test test junk");

type Start = () => Promise<TestL1 | undefined>;

/** Runs a suite against Hardhat's network in this process and against anvil over HTTP. */
export function describeOnEveryL1(title: string, suite: (l1: () => TestL1) => void): void {
  describeOn(`${title} on Hardhat's network`, startHardhat, suite);
  describeOnAnvil(title, suite);
}

/** Runs a suite against anvil over HTTP: for what Hardhat's network does not have. */
export function describeOnAnvil(title: string, suite: (l1: () => TestL1) => void): void {
  describeOn(`${title} on anvil`, startAnvilL1, suite);
}

function describeOn(title: string, start: Start, suite: (l1: () => TestL1) => void): void {
  describe(title, () => {
    let l1: TestL1 | undefined;
    before(async function () {
      l1 = await start();
      // An optional dependency: npm has anvil for some platforms only.
      if (l1 === undefined) this.skip();
    });
    after(() => l1?.stop());
    suite(() => {
      if (l1 === undefined) throw new Error("L1 is used before it is started");
      return l1;
    });
  });
}

export async function startHardhat(): Promise<TestL1> {
  const { ethers, provider } = await network.create();
  const send = (method: string, ...params: unknown[]) => provider.request({ method, params });
  return {
    ...controls(ethers.provider, send),
    nodeSigner: async (index) => signerAt(await ethers.getSigners(), index),
    stop: () => Promise.resolve(),
  };
}

async function startAnvilL1(): Promise<TestL1 | undefined> {
  const path = anvilPath();
  if (path === undefined) return undefined;
  const anvil = await startAnvil(path);
  const { provider } = anvil;
  return {
    ...controls(provider, (method, ...params) => provider.send(method, params)),
    nodeSigner: (index) => provider.getSigner(index),
    stop: () => {
      provider.destroy();
      return anvil.stop();
    },
  };
}

function signerAt(signers: readonly Signer[], index: number): Signer {
  const signer = signers[index];
  if (signer === undefined) throw new RangeError(`there is no account ${index}`);
  return signer;
}

/** The accounts that both local nodes fund. */
export function walletOf(index: number): HDNodeWallet {
  return HDNodeWallet.fromMnemonic(MNEMONIC, `m/44'/60'/0'/0/${index}`);
}

function controls(provider: Provider, send: TestL1["send"]): Omit<TestL1, "nodeSigner" | "stop"> {
  const mine = async (blocks = 1): Promise<void> => {
    for (let i = 0; i < blocks; i++) await send("evm_mine");
  };
  return {
    provider,
    send,
    mine,
    wallet: (index) => walletOf(index).connect(provider),
    async pass(seconds) {
      await send("evm_increaseTime", Number(seconds));
      await mine();
    },
  };
}

/** The whole suite, deployed by account 0, which is the first sequencer. */
export async function deployTo(
  l1: Pick<TestL1, "provider" | "wallet">,
  input: RollupParametersInput = {},
  program: MachineProgram = SOME_PROGRAM,
): Promise<Deployment> {
  const signer = l1.wallet(0);
  const { chainId } = await l1.provider.getNetwork();
  const parameters = resolveParameters(input, { preset: "dev", l1ChainId: chainId, deployer: signer.address as Hex });
  const { deployment } = await deploySuite({
    network: "test",
    parameters,
    program,
    signer,
    bond: true,
    journal: deployJournal(),
    restartOnNewChain: false,
  });
  return deployment;
}
