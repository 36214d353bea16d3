import { expect } from "chai";
import { parseEther, type Wallet } from "ethers";

import { genesisHeader } from "../../plugin/ledger/header.js";
import { toBytes, toHex } from "../../plugin/ledger/bytes.js";
import type { SequencerOptions } from "../../plugin/sequencer/options.js";
import type { Json } from "../../plugin/sequencer/rpc/format.js";
import { validityLedger } from "../../plugin/sequencer/validity/ledger.js";
import type { Hex } from "../../plugin/types.js";
import { encodeAmount, encodeFee } from "../../plugin/validity/amounts.js";
import { fromAddress } from "../../plugin/validity/leaf.js";
import { genesisNodes } from "../../plugin/validity/state.js";
import { openKey, type ValidityKey } from "../../plugin/validity/wallet.js";
import { BRIDGE, fakeL1, L2_CHAIN_ID, SEQUENCER, START } from "./support/fake-l1.js";
import { addressOf, loadExecute, type Rig, startRig, walletOf } from "./support/rig.js";

const SIZE = { slots: 4, levels: 4 };
const DOMAIN = { l1ChainId: 31_337n, l2ChainId: L2_CHAIN_ID, bridge: BRIDGE };
const TOKEN: Hex = `0x${"70".repeat(20)}`;
const GENESIS = genesisHeader(START, toHex(genesisNodes(SIZE.levels)[0]!.hash));

describe("a sequencer of validity proofs", () => {
  const alice = walletOf(1);
  const bob = walletOf(2);
  let rig: Rig;
  let keys: Map<Wallet, ValidityKey>;

  async function start(fake = fakeL1({ genesis: GENESIS })): Promise<Rig> {
    const ledger = validityLedger({ domain: DOMAIN, size: SIZE, submitter: SEQUENCER });
    const options: Partial<SequencerOptions> = { genesis: GENESIS, ledger, baseFee: 0n };
    return startRig(loadExecute(), { ...options, fake });
  }

  beforeEach(async () => {
    rig = await start();
    keys = new Map();
    for (const wallet of [alice, bob]) keys.set(wallet, await openKey(wallet, DOMAIN));
  });
  afterEach(() => rig.close());

  const send = (raw: Uint8Array): Promise<Hex> =>
    rig.provider.send("eth_sendRawTransaction", [toHex(raw)]) as Promise<Hex>;

  async function register(wallet: Wallet, token = 0n): Promise<Hex> {
    return send(await keys.get(wallet)!.register({ owner: fromAddress(addressOf(wallet)), token }));
  }

  interface Wish {
    from: Wallet;
    to: Hex;
    amount: bigint;
    fee?: bigint;
    token?: Hex;
    isWithdrawal?: boolean;
    nonce?: bigint;
  }

  async function transfer({ from, to, amount, fee = 0n, token, isWithdrawal = false, nonce }: Wish): Promise<Hex> {
    const leaf = (await rig.provider.send("rollup_getLeaf", [{ owner: from.address, token }])) as { nonce: Hex };
    const raw = keys.get(from)!.transfer({
      owner: fromAddress(addressOf(from)),
      token: token === undefined ? 0n : fromAddress(token),
      nonce: nonce ?? BigInt(leaf.nonce),
      amount40: encodeAmount(amount),
      fee8: encodeFee(fee),
      isWithdrawal,
      recipient: fromAddress(to),
    });
    return send(raw);
  }

  async function sealAll(): Promise<number> {
    let blocks = 0;
    while ((await rig.sequencer.seal()) !== undefined) blocks++;
    return blocks;
  }

  const tokenBalance = async (wallet: Wallet): Promise<bigint> => {
    const data = `0x70a08231${"00".repeat(12)}${wallet.address.slice(2)}`;
    return BigInt((await rig.provider.send("eth_call", [{ to: TOKEN, data }])) as string);
  };

  /** Alice has 10 ETH and 1,000 of the token, with her key registered for both. */
  async function fund(): Promise<void> {
    rig.l1.deposit(addressOf(alice), parseEther("10"));
    rig.l1.deposit(addressOf(alice), 1_000n, TOKEN);
    await rig.sequencer.sync();
    await sealAll();
    await register(alice);
    await register(alice, fromAddress(TOKEN));
    await sealAll();
  }

  it("carries deposits, transfers with fees, to accounts that are new, and withdrawals", async () => {
    await fund();
    const hash = await transfer({ from: alice, to: addressOf(bob), amount: parseEther("1"), fee: 10n ** 12n });
    await transfer({ from: alice, to: addressOf(bob), amount: 400n, token: TOKEN });
    await sealAll();
    expect(await rig.provider.getBalance(bob)).to.equal(parseEther("1"));
    expect(await rig.provider.getBalance(alice)).to.equal(parseEther("9") - 10n ** 12n);
    expect(await rig.provider.getBalance(SEQUENCER)).to.equal(10n ** 12n);
    expect(await tokenBalance(bob)).to.equal(400n);

    const receipt = await rig.provider.getTransactionReceipt(hash);
    expect(receipt?.status).to.equal(1);
    expect(receipt?.fee).to.equal(10n ** 12n);
    const shown = await rig.provider.getTransaction(hash);
    expect([shown?.from, shown?.to, shown?.value]).to.deep.equal([alice.address, bob.address, parseEther("1")]);

    const leaving = await transfer({ from: alice, to: addressOf(bob), amount: parseEther("2"), isWithdrawal: true });
    await sealAll();
    const posted = await rig.sequencer.post();
    const found = (await rig.provider.send("rollup_getWithdrawal", [leaving])) as Record<string, Json>;
    expect(found.status).to.equal("on L1");
    expect((found.withdrawal as Record<string, Json>).amount).to.equal(`0x${parseEther("2").toString(16)}`);
    expect(posted?.transactions).to.equal(5);
  });

  it("cuts blocks at the circuit's slots, and takes fees of one token in each", async () => {
    await fund();
    await transfer({ from: alice, to: addressOf(bob), amount: 1n, fee: 1n });
    await transfer({ from: alice, to: addressOf(bob), amount: 1n, fee: 1n, token: TOKEN });
    // A leaf for the receiver and one for the fees each time, so that a block has room for one transfer more.
    expect(await sealAll()).to.equal(2);
    for (let i = 0; i < 9; i++) await transfer({ from: alice, to: addressOf(bob), amount: 1n });
    expect(await sealAll()).to.equal(3);
    expect(await rig.provider.getBalance(bob)).to.equal(10n);
    expect(await tokenBalance(bob)).to.equal(1n);
  });

  it("says in one line why it takes no transfer", async () => {
    rig.l1.deposit(addressOf(alice), parseEther("10"));
    await rig.sequencer.sync();
    await sealAll();
    const wish = { from: alice, to: addressOf(bob), amount: 1n };
    await expectRefusal(transfer(wish), "the sender has registered no key for this token");
    await register(alice);
    await sealAll();
    keys.set(alice, keys.get(bob)!);
    await expectRefusal(transfer(wish), "the transfer is not signed with the sender's key");
    keys.set(alice, await openKey(alice, DOMAIN));
    await expectRefusal(transfer({ ...wish, amount: parseEther("11") }), "insufficient funds");
    await transfer({ ...wish, nonce: 0n });
    await sealAll();
    await expectRefusal(transfer({ ...wish, nonce: 0n }), "nonce too low");
    await expectRefusal(send(Uint8Array.of(2, 3)), "expected a transfer (0x7a) or a registration (0x7b)");
  });

  it("registers a key where there is a balance, and never twice", async () => {
    await expectRefusal(register(alice), "make a deposit first");
    rig.l1.deposit(addressOf(alice), 1n);
    await rig.sequencer.sync();
    await sealAll();
    const hash = await register(alice);
    await sealAll();
    expect((await rig.provider.getTransactionReceipt(hash))?.status).to.equal(1);
    await expectRefusal(register(alice), "a key is registered for this token; only a message on L1 changes it");
  });

  it("lets owners leave by a message on L1, without a key", async () => {
    rig.l1.deposit(addressOf(alice), 100n);
    rig.l1.forceWithdrawal(addressOf(alice), 30n);
    rig.l1.forceWithdrawal(addressOf(bob), 5n);
    await rig.sequencer.sync();
    await sealAll();
    expect(await rig.provider.getBalance(alice)).to.equal(70n);
    const found = (await rig.provider.send("rollup_getWithdrawals", [{ sender: alice.address }])) as Json[];
    expect(found).to.have.length(1);
    expect(await rig.provider.send("rollup_getWithdrawals", [{ sender: bob.address }])).to.deep.equal([]);
  });

  it("is rebuilt from L1 alone, by another sequencer, with the same hashes and the same state", async () => {
    await fund();
    const hash = await transfer({ from: alice, to: addressOf(bob), amount: parseEther("1"), fee: 7n });
    await transfer({ from: alice, to: addressOf(bob), amount: 5n, isWithdrawal: true });
    await rig.sequencer.post();
    const { head } = rig.sequencer.status();
    const { l1 } = rig;
    const other = await start(l1);
    try {
      await other.sequencer.sync();
      expect(other.sequencer.status().head.stateRoot).to.equal(head.stateRoot);
      expect((await other.provider.getTransactionReceipt(hash))?.status).to.equal(1);
      expect(await other.provider.getBalance(bob)).to.equal(parseEther("1"));
    } finally {
      await other.close();
    }
  });

  it("does not build on a batch that cannot be proved", async () => {
    await fund();
    await transfer({ from: alice, to: addressOf(bob), amount: 1n });
    await sealAll();
    const prepared = (await rig.sequencer.prepare())!.batch;
    const stateRoot = toHex(toBytes(BigInt(prepared.claim.stateRoot) + 1n, 32));
    rig.l1.append({ ...prepared, claim: { ...prepared.claim, stateRoot } });
    await rig.sequencer.sync();
    expect(rig.sequencer.status().falseBatch?.reason).to.contain("its stateRoot is");
  });

  async function expectRefusal(attempt: Promise<unknown>, words: string): Promise<void> {
    const outcome = await attempt.then(
      () => "it was taken",
      (error: unknown) => String(error),
    );
    expect(outcome).to.contain(words);
  }
});
