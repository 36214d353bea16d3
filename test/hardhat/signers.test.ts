import { expect } from "chai";
import { HDNodeWallet, JsonRpcProvider, Network, Transaction, VoidSigner, Wallet } from "ethers";
import { network } from "hardhat";

import { keyringOf } from "../../plugin/hardhat/signers.js";

const MNEMONIC = "test test test test test test test test test test test junk";
const L2 = Network.from(4242);

describe("signers of the L2", () => {
  // Never asked: transactions are signed complete.
  const provider = new JsonRpcProvider("http://127.0.0.1:1", L2, { staticNetwork: L2 });
  const complete = {
    to: `0x${"22".repeat(20)}`,
    chainId: 4242n,
    nonce: 0,
    gasLimit: 21_000n,
    maxFeePerGas: 1n,
    maxPriorityFeePerGas: 1n,
    type: 2,
    value: 5n,
  };

  after(() => {
    provider.destroy();
  });

  it("sign with the key that the network has for a Hardhat signer", async () => {
    const { ethers, networkName, networkConfig } = await network.create();
    const signers = await ethers.getSigners();
    for (const position of [0, 3]) {
      const signer = signers[position];
      if (signer === undefined) throw new Error("too few accounts");
      const wallet = keyringOf(networkName, networkConfig).walletOn(provider, signer);
      expect(await wallet.getAddress()).to.equal(signer.address);
      expect(Transaction.from(await wallet.signTransaction(complete)).from).to.equal(signer.address);
    }
  });

  it("sign with a wallet's own key", async () => {
    const { networkName, networkConfig } = await network.create();
    const own = Wallet.createRandom();
    const wallet = keyringOf(networkName, networkConfig).walletOn(provider, own);
    expect(Transaction.from(await wallet.signTransaction(complete)).from).to.equal(own.address);
  });

  it("take keys and mnemonics of HTTP networks", async () => {
    const key = HDNodeWallet.fromPhrase(MNEMONIC, "", "m/44'/60'/0'/0/7").privateKey;
    const variable = (value: string) => ({
      _type: "ResolvedConfigurationVariable" as const,
      format: "",
      get: () => Promise.resolve(value),
      getUrl: () => Promise.resolve(value),
      getBigInt: () => Promise.resolve(BigInt(value)),
      getHexString: () => Promise.resolve(value),
    });
    const { address } = new Wallet(key);
    const byKey = keyringOf("x", { accounts: [variable(key)] }).walletOn(provider, new VoidSigner(address));
    expect(await byKey.getAddress()).to.equal(address);
    const accounts = {
      mnemonic: variable(MNEMONIC),
      passphrase: variable(""),
      path: "m/44'/60'/0'/0",
      initialIndex: 5,
      count: 3,
    };
    expect(await keyringOf("x", { accounts }).walletOn(provider, new VoidSigner(address)).getAddress()).to.equal(
      address,
    );
  });

  it("know the accounts that development nodes are born with, whose keys are public", async () => {
    const { address, privateKey } = HDNodeWallet.fromPhrase(MNEMONIC, "", "m/44'/60'/0'/0/4");
    const wallet = keyringOf("localhost", { accounts: "remote" }).walletOn(provider, new VoidSigner(address));
    expect(await wallet.signMessage("x")).to.equal(await new Wallet(privateKey).signMessage("x"));
  });

  it("say which network lacks a key, and what to do", async () => {
    const stranger = Wallet.createRandom().address;
    for (const accounts of ["remote", []] as const) {
      const keyring = keyringOf("sepolia", { accounts: accounts === "remote" ? accounts : [...accounts] });
      const wallet = keyring.walletOn(provider, new VoidSigner(stranger));
      let message = "";
      try {
        await wallet.signTransaction(complete);
      } catch (error) {
        message = (error as Error).message;
      }
      expect(message).to.equal(
        `network "sepolia" holds no private key of ${stranger}; add it to networks.sepolia.accounts, or pass an ethers Wallet`,
      );
    }
  });
});
