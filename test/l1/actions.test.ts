import { expect } from "chai";
import { parseEther, type Signer, Wallet } from "ethers";

import {
  ActionError,
  claimWithdrawal,
  type ClaimRequest,
  deposit,
  finalize,
  forceTransaction,
  forceWithdrawal,
  registerSequencer,
} from "../../plugin/l1/actions.js";
import { connectL1, type L1Client } from "../../plugin/l1/client.js";
import { decodeRevert, L1RevertError, LINES, SUITE_ERRORS } from "../../plugin/l1/errors.js";
import { type BatchToPost, createBatchPoster } from "../../plugin/l1/poster.js";
import { createSender } from "../../plugin/l1/sender.js";
import { InsufficientFundsError } from "../../plugin/l1/sender-errors.js";
import { UnknownTokenError } from "../../plugin/l1/token.js";
import { inboxAcc, withdrawalProof, withdrawalsRoot } from "../../plugin/ledger/hashes.js";
import {
  type BatchHeader,
  type Deployment,
  type Hex,
  type Withdrawal,
  ZERO_ADDRESS,
  ZERO_HASH,
} from "../../plugin/types.js";
import { type StandardToken, StandardToken__factory } from "../../typechain-types/index.js";
import { failure } from "./support/failure.js";
import { deployTo, describeOnEveryL1, type TestL1 } from "./support/l1.js";

const ROOT: Hex = `0x${"22".repeat(32)}`;
const ETHER = parseEther("1");

describeOnEveryL1("what users do on L1", (get) => {
  let l1: TestL1;
  let deployment: Deployment;
  let token: StandardToken;
  let alice: Signer & { address: string };
  let client: L1Client;
  let snapshot: unknown;

  before(async () => {
    l1 = get();
    deployment = await deployTo(l1);
    alice = l1.wallet(1);
    client = connectL1(l1.provider, deployment, alice);
    token = await new StandardToken__factory(alice).deploy();
    await token.waitForDeployment();
    await (await token.mint(alice.address, 1_000n)).wait();
  });
  beforeEach(async () => {
    snapshot = await l1.send("evm_snapshot");
  });
  afterEach(async () => {
    await l1.send("evm_revert", snapshot);
  });

  const tokenAddress = async () => (await token.getAddress()) as Hex;

  async function post(withdrawals: Withdrawal[]): Promise<BatchHeader> {
    const { head } = await client.heads();
    const parent = await client.batchHeader(head);
    const messages = await client.inboxMessages(parent.inboxTo, await client.bridge.messageCount());
    const batch: BatchToPost = {
      parent,
      claim: {
        stateRoot: ROOT,
        withdrawalsRoot: withdrawalsRoot(withdrawals),
        inboxAcc: inboxAcc(parent.inboxAcc, messages),
        inboxTo: parent.inboxTo + BigInt(messages.length),
        l2BlockTo: parent.l2BlockTo + 1n,
      },
      data: new Uint8Array(),
    };
    const sender = await createSender({ provider: l1.provider, signer: l1.wallet(0) });
    return (await createBatchPoster({ client, sender }).post(batch)).header;
  }

  for (const [name, signerOf] of [
    ["a wallet", () => Promise.resolve(alice)],
    ["the node's own account", () => l1.nodeSigner(1)],
  ] as const) {
    it(`deposits ETH from ${name}`, async () => {
      const from = connectL1(l1.provider, deployment, await signerOf());
      const { message, transaction } = await deposit(from, { amount: ETHER });
      expect(message).to.deep.include({
        kind: 0,
        index: 0n,
        sender: alice.address,
        target: alice.address,
        amount: ETHER,
      });
      expect(await l1.provider.getBalance(client.addresses.bridge)).to.equal(ETHER);
      expect((await l1.provider.getTransactionReceipt(transaction))?.status).to.equal(1);
    });
  }

  it("deposits a token after approving exactly the amount", async () => {
    const request = { amount: 40n, token: await tokenAddress(), target: l1.wallet(2).address as Hex };
    const { message } = await deposit(client, request);
    expect(message).to.deep.include({ token: request.token, target: request.target, amount: 40n });
    expect(await token.allowance(alice.address, client.addresses.bridge)).to.equal(0n);
  });

  it("deposits a token with a permit, in one transaction", async () => {
    const nonce = await l1.provider.getTransactionCount(alice.address);
    const { message } = await deposit(client, { amount: 40n, token: await tokenAddress(), allow: "permit" });
    expect(message.amount).to.equal(40n);
    expect(await l1.provider.getTransactionCount(alice.address)).to.equal(nonce + 1);
  });

  it("says in one line why a deposit cannot be", async () => {
    const address = await tokenAddress();
    const nobody = Wallet.createRandom(l1.provider);
    const poor = connectL1(l1.provider, deployment, nobody);
    const refusals: [() => Promise<unknown>, new (...inputs: never[]) => Error, RegExp][] = [
      [() => deposit(client, { amount: 0n }), ActionError, /^the amount must be above 0 and below 2\^192, not 0$/],
      [
        () => deposit(client, { amount: 1n, target: ZERO_ADDRESS }),
        ActionError,
        /^the recipient must not be the zero address$/,
      ],
      [
        () => deposit(poor, { amount: 1n }),
        InsufficientFundsError,
        /^0x\w+ has 0 wei on L1, the deposit needs \d+ wei/,
      ],
      [
        () => deposit(client, { amount: 1n, token: `0x${"77".repeat(20)}` }),
        UnknownTokenError,
        /there is no contract at this address$/,
      ],
      [
        () => deposit(client, { amount: 1n, token: client.addresses.chain }),
        UnknownTokenError,
        /it does not answer balanceOf$/,
      ],
      [
        () => deposit(client, { amount: 1_001n, token: address }),
        ActionError,
        /has 1000 of token 0x\w+, the deposit needs 1001$/,
      ],
      [
        () => deposit(client, { amount: 5n, token: address, allow: "allowance" }),
        ActionError,
        /^the bridge may take 0 of token 0x\w+, the deposit needs 5; approve 0x\w+ first$/,
      ],
      [() => deposit(connectL1(l1.provider, deployment), { amount: 1n }), ActionError, /connect to L1 with a signer$/],
    ];
    for (const [attempt, type, message] of refusals) {
      const error = await failure(attempt());
      expect(error).to.be.instanceOf(type);
      expect(error.message).to.match(message);
    }
    expect(await client.bridge.messageCount()).to.equal(0n);
  });

  it("claims a withdrawal when it is final, once", async () => {
    await deposit(client, { amount: ETHER });
    const bob = Wallet.createRandom().address as Hex;
    const withdrawals = [1n, 2n, 3n].map((amount, nonce): Withdrawal => ({
      ...{ nonce: BigInt(nonce), sender: alice.address as Hex, target: bob, token: ZERO_ADDRESS, amount, data: "0x" },
    }));
    const header = await post(withdrawals);
    const request = claimOf(header, withdrawals, 1);

    const early = await failure(claimWithdrawal(client, request));
    expect(early.message).to.match(/^batch 1 is not final until \d{4}-\d\d-\d\dT[\d:]+Z, in \d+ seconds$/);
    await l1.pass(deployment.parameters.challengeWindow);
    expect((await failure(claimWithdrawal(client, request))).message).to.equal(
      "the window of batch 1 is over but nobody finalized it yet; finalize first",
    );
    expect((await finalize(client)).done).to.have.length(1);

    const forged = { ...request, withdrawal: { ...request.withdrawal, amount: 3n } };
    const refusal = await failure(claimWithdrawal(client, forged));
    expect(refusal).to.be.instanceOf(L1RevertError);
    expect(refusal.message).to.match(/^L1 refuses the claim: the proof leads to 0x\w+, the batch has 0x\w+$/);
    const gone = { ...request, header: { ...header, stateRoot: ZERO_HASH } };
    expect((await failure(claimWithdrawal(client, gone))).message).to.match(/^L1 does not have this batch 1/);

    expect(await claimWithdrawal(client, request)).to.include({ credited: 0n });
    expect(await l1.provider.getBalance(bob)).to.equal(2n);
    expect((await failure(claimWithdrawal(client, request))).message).to.equal(
      "withdrawal 1 of batch 1 was claimed before",
    );
  });

  it("tells how much of a claim waits as a credit", async () => {
    await deposit(client, { amount: ETHER });
    // The token contract takes no ETH.
    const withdrawals: Withdrawal[] = [
      {
        nonce: 0n,
        sender: alice.address as Hex,
        target: await tokenAddress(),
        token: ZERO_ADDRESS,
        amount: 9n,
        data: "0x",
      },
    ];
    const header = await post(withdrawals);
    await l1.pass(deployment.parameters.challengeWindow);
    await finalize(client);
    expect(await claimWithdrawal(client, claimOf(header, withdrawals, 0))).to.include({ credited: 9n });
  });

  it("finalizes all batches whose window is over and no other", async () => {
    expect(await finalize(client)).to.deep.equal({ from: 1n, to: 0n, done: [] });
    for (let i = 0; i < 3; i++) await post([]);
    await l1.pass(deployment.parameters.challengeWindow);
    await post([]);
    const result = await finalize(client);
    expect(result).to.include({ from: 1n, to: 3n });
    expect(await client.heads()).to.deep.equal({ head: 4n, finalizedHead: 3n });
    expect((await client.batches(2n, 4n)).map(({ header }) => header.index)).to.deep.equal([2n, 3n, 4n]);
    expect((await client.batches(0n, 1n)).map(({ header }) => header.index)).to.deep.equal([0n, 1n]);
  });

  it("forces transactions of this rollup only", async () => {
    const { l2ChainId } = deployment.parameters;
    const fields = {
      type: 2,
      nonce: 0,
      to: alice.address,
      gasLimit: 21_000n,
      maxFeePerGas: 1n,
      maxPriorityFeePerGas: 1n,
    };
    const raw = (await alice.signTransaction({ ...fields, chainId: l2ChainId })) as Hex;
    expect((await forceTransaction(client, raw)).message).to.deep.include({ kind: 1, data: raw });
    const foreign = (await alice.signTransaction({ ...fields, chainId: 1n })) as Hex;
    expect((await failure(forceTransaction(client, foreign))).message).to.equal(
      `the transaction is for chain 1, the rollup is chain ${l2ChainId}`,
    );
    const legacy = (await alice.signTransaction({
      ...fields,
      type: 0,
      chainId: l2ChainId,
      maxFeePerGas: null,
      maxPriorityFeePerGas: null,
      gasPrice: 1n,
    })) as Hex;
    expect((await failure(forceTransaction(client, legacy))).message).to.match(/of type 2 .* of type 0$/);
    expect((await failure(forceTransaction(client, "0x"))).message).to.match(/has 1 to 2048 bytes, this one has 0$/);
    expect((await failure(forceTransaction(client, "0x02ff"))).message).to.match(/is not a signed transaction$/);
  });

  it("forces withdrawals of an amount or of everything", async () => {
    expect((await forceWithdrawal(client, { amount: 7n })).message).to.deep.include({
      kind: 2,
      amount: 7n,
      target: alice.address,
    });
    const all = await forceWithdrawal(client, {
      amount: "all",
      token: await tokenAddress(),
      target: l1.wallet(3).address as Hex,
    });
    expect(all.message).to.deep.include({ index: 1n, amount: 2n ** 256n - 1n, target: l1.wallet(3).address });
  });

  it("registers a sequencer once", async () => {
    const bond = deployment.parameters.sequencerBond;
    expect(await registerSequencer(client)).to.include({ bond });
    expect(await client.registry.isSequencer(alice.address)).to.equal(true);
    expect((await failure(registerSequencer(client))).message).to.equal(
      `${alice.address} has a bond of ${bond} wei already`,
    );
  });

  it("decodes what the chain refuses by name and arguments", async () => {
    const error = await failure(client.chain.finalize.staticCall([deployment.genesis]));
    const revert = decodeRevert(error);
    expect(revert).to.deep.include({ name: "ChainNotNext", args: { expected: 1n, given: 0n } });
    expect(revert?.line).to.equal("ChainNotNext(expected: 1, given: 0)");
  });
});

describe("errors of the suite", () => {
  it("have lines only for errors that exist, with arguments that exist", () => {
    for (const [name, line] of Object.entries(LINES)) {
      const fragment = SUITE_ERRORS.getError(name);
      expect(fragment, name).to.not.equal(null);
      const args = Object.fromEntries((fragment?.inputs ?? []).map((input) => [input.name, 1n]));
      expect(line(args), name).to.not.include("undefined");
    }
  });

  it("are decoded from raw data, and unknown ones are shown as they are", () => {
    const data = SUITE_ERRORS.encodeErrorResult("ChainWindowOpen", [3, 1_700_000_000]);
    expect(decodeRevert(data)?.line).to.equal("batch 3 can be disputed until 2023-11-14T22:13:20Z");
    expect(decodeRevert("0xdeadbeef")).to.deep.include({ name: "unknown", line: "unknown error 0xdeadbeef" });
    expect(decodeRevert(SUITE_ERRORS.encodeErrorResult("Error(string)", ["no"]))?.line).to.equal("no");
    expect(decodeRevert("0x")).to.equal(undefined);
    expect(decodeRevert(new Error("socket hang up"))).to.equal(undefined);
  });
});

function claimOf(header: BatchHeader, withdrawals: Withdrawal[], leafIndex: number): ClaimRequest {
  const withdrawal = withdrawals[leafIndex];
  if (withdrawal === undefined) throw new RangeError(`there is no withdrawal ${leafIndex}`);
  return { header, leafIndex: BigInt(leafIndex), withdrawal, proof: withdrawalProof(withdrawals, leafIndex) };
}
