import { expect } from "chai";
import type { Provider, Signer } from "ethers";
import { network } from "hardhat";

import { L1UnavailableError } from "../../plugin/l1/ask.js";
import { describeHolder, type Holder, holderOf } from "../../plugin/l1/holders.js";
import { MockSafe__factory, MockWallet__factory } from "../../typechain-types/index.js";

const NOBODY = "0x00000000000000000000000000000000c0ffee00";
const OWNERS = ["1", "2", "3"].map((digit) => `0x${digit.repeat(40)}`);

describe("what holds a role", () => {
  let provider: Provider;
  let signer: Signer;
  let setCode: (code: string) => Promise<unknown>;

  before(async () => {
    const { ethers } = await network.create();
    const [first] = await ethers.getSigners();
    if (first === undefined) throw new Error("the network has no accounts");
    [provider, signer] = [ethers.provider, first];
    setCode = (code) => ethers.provider.send("hardhat_setCode", [NOBODY, code]);
  });

  async function described(address: string): Promise<[Holder, string]> {
    const holder = await holderOf(provider, address);
    return [holder, describeHolder(holder)];
  }

  async function safe(owners: string[], threshold: number): Promise<string> {
    return (await new MockSafe__factory(signer).deploy(owners, threshold)).getAddress();
  }

  it("is an account, which has sent something, or is not known to have a key at all", async () => {
    await (await signer.sendTransaction({ to: NOBODY, value: 1n })).wait();
    expect(await described(await signer.getAddress())).to.deep.equal([{ kind: "account", used: true }, "account"]);
    expect(await described(NOBODY)).to.deep.equal([
      { kind: "account", used: false },
      "no code yet, no transaction yet",
    ]);
  });

  it("is a Safe with its owners and its threshold", async () => {
    expect(await described(await safe(OWNERS, 2))).to.deep.equal([
      { kind: "safe", threshold: 2, owners: OWNERS },
      "Safe 2 of 3",
    ]);
  });

  it("is no Safe where nobody, or nobody but more than all, could act for it", async () => {
    for (const threshold of [0, 4]) {
      expect(await described(await safe(OWNERS, threshold))).to.deep.equal([{ kind: "contract" }, "contract"]);
    }
  });

  it("is another contract, whether it refuses what a Safe answers or answers nonsense", async () => {
    const wallet = await new MockWallet__factory(signer).deploy(NOBODY);
    expect(await described(await wallet.getAddress())).to.deep.equal([{ kind: "contract" }, "contract"]);
    // Answers every call with the number 25.
    await setCode("0x60195f5260205ff3");
    expect(await described(NOBODY)).to.deep.equal([{ kind: "contract" }, "contract"]);
  });

  it("is an account that has code by delegation", async () => {
    await setCode(`0xef0100${"2".repeat(40)}`);
    expect(await described(NOBODY)).to.deep.equal([
      { kind: "delegated", to: OWNERS[1] },
      `account with the code of ${OWNERS[1]} (EIP-7702)`,
    ]);
  });

  it("is not guessed while L1 is down, or refuses to answer that often", async () => {
    const address = await safe(OWNERS, 2);
    for (const code of ["ECONNREFUSED", -32005]) {
      const down = Object.assign(new Error("no"), { code });
      const failing = { getCode: () => Promise.resolve("0x01"), call: () => Promise.reject(down) };
      const failure = await holderOf(failing as unknown as Provider, address).catch((error: unknown) => error);
      expect(failure).to.be.instanceOf(L1UnavailableError);
    }
  });
});
