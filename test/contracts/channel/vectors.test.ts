import { expect } from "chai";
import { AbiCoder, id, keccak256, TypedDataEncoder, type Wallet } from "ethers";

import { channelDigests, channelIdOf, hashOf, stateHash } from "../../../plugin/channel/hashes.js";
import { decodeOutcome, encodeOutcome, guarantee, simple, toDestination } from "../../../plugin/channel/outcome.js";
import { keySigner, signerOf } from "../../../plugin/channel/signing.js";
import type { Outcome } from "../../../plugin/channel/types.js";
import type { Hex } from "../../../plugin/types.js";
import { BOND, ETH, outcomeOf, stateOf, useAdjudicator } from "./support.js";

/** The page's types, written down a second time so that contract and client can both be wrong. */
const TYPES = {
  State: [
    { name: "channelId", type: "bytes32" },
    { name: "turnNum", type: "uint64" },
    { name: "isFinal", type: "bool" },
    { name: "appDataHash", type: "bytes32" },
    { name: "outcomeHash", type: "bytes32" },
  ],
};
const PARAMS = "tuple(address[], uint64, address, uint32, bytes32)";
/** Of @statechannels/exit-format 0.2.0. */
const EXIT_FORMAT =
  "tuple(address asset, tuple(uint8 assetType, bytes metadata) assetMetadata, " +
  "tuple(bytes32 destination, uint256 amount, uint8 allocationType, bytes metadata)[] allocations)[]";

describe("channels on L1 and in the client are the same", () => {
  const environment = useAdjudicator();

  it("ids", async () => {
    const { adjudicator, address, alice, bob, carol, channelOf, domain } = environment();
    for (const members of [
      [alice, bob],
      [alice, bob, carol],
    ]) {
      const { params } = channelOf(members, { channelNonce: (1n << 64n) - 1n, challengeDuration: 2 ** 32 - 1 });
      const encoded = AbiCoder.defaultAbiCoder().encode(
        ["uint256", "address", PARAMS],
        [
          domain.l1ChainId,
          address,
          [
            params.participants,
            params.channelNonce,
            params.appDefinition,
            params.challengeDuration,
            params.appParamsHash,
          ],
        ],
      );
      expect(channelIdOf(domain, params)).to.equal(keccak256(encoded));
      expect(await adjudicator.channelIdOf(params)).to.equal(keccak256(encoded));
    }
  });

  it("digests and hashes of states", async () => {
    const { adjudicator, address, bob, channelOf, domain, digests } = environment();
    const { id: channelId } = channelOf();
    for (const { state } of [
      stateOf({ turnNum: 0n }),
      stateOf({
        turnNum: (1n << 64n) - 1n,
        isFinal: true,
        appData: "0x0102",
        outcome: outcomeOf(ETH, [bob.address, 1n]),
      }),
    ]) {
      const typed = {
        name: "hardhat-rollup channels",
        version: "1",
        chainId: domain.l1ChainId,
        verifyingContract: address,
      };
      const expected = TypedDataEncoder.hash(typed, TYPES, { channelId, ...state });
      expect(await adjudicator.stateDigest(channelId, state)).to.equal(expected);
      expect(`0x${Buffer.from(digests.state(channelId, state)).toString("hex")}`).to.equal(expected);
      expect(stateHash(channelId, state)).to.equal(
        TypedDataEncoder.hashStruct("State", TYPES, { channelId, ...state }),
      );
    }
  });

  it("outcomes, in the exit format", async () => {
    const { adjudicator, alice, bob, channelOf, signedByAll, tokenAddress } = environment();
    const target = channelOf([alice, bob], { channelNonce: 8n });
    const outcome: Outcome = [
      { asset: ETH, allocations: [guarantee(target.id, 5n, alice.address as Hex, target.id)] },
      {
        asset: tokenAddress.toLowerCase() as Hex,
        allocations: [simple(bob.address as Hex, (1n << 248n) - 1n), simple(target.id, 0n)],
      },
    ];
    const encoded = encodeOutcome(outcome);
    const words = outcome.map(({ asset, allocations }) => [
      asset,
      [0, "0x"],
      allocations.map((a) => [a.destination, a.amount, a.allocationType, a.metadata]),
    ]);
    expect(encoded).to.equal(AbiCoder.defaultAbiCoder().encode([EXIT_FORMAT], [words]));
    expect(decodeOutcome(encoded)).to.deep.equal(outcome.map((part) => ({ ...part, asset: part.asset.toLowerCase() })));

    // The contract reads the same out of it.
    const channel = channelOf();
    await adjudicator.connect(alice).depositERC20(tokenAddress, channel.id, 0n, 7n);
    await adjudicator.connect(alice).depositETH(channel.id, 0n, { value: 5n });
    const signed = signedByAll(channel, { turnNum: 1n, isFinal: true, outcome });
    await adjudicator.concludeAndPay(channel.params, signed);
    expect(await adjudicator.paidOf(channel.id, tokenAddress, toDestination(bob.address as Hex))).to.equal(7n);
    const final = signedByAll(target, { turnNum: 1n, isFinal: true, outcome: outcomeOf(ETH, [bob.address, 2n]) });
    await adjudicator.conclude(target.params, final);
    await expect(adjudicator.reclaim(channel.id, signed.state, signed.outcome, 0, 0, target.params, final))
      .to.emit(adjudicator, "Reclaimed")
      .withArgs(channel.id, target.id, 0n, 0n, 2n, 0n);
    await adjudicator.payout(channel.id, signed.state, signed.outcome, 0, [0]);
    expect(await adjudicator.paidOf(channel.id, ETH, toDestination(alice.address as Hex))).to.equal(2n);
  });

  it("signatures of every purpose, by wallets and by keys", async () => {
    const { adjudicator, alice, bob, channelOf, digests, domain, sign, signedByAll } = environment();
    const channel = channelOf();
    const session = keySigner(id("session") as Hex);
    const expiry = 1n << 40n;
    const named = { participant: alice.address as Hex, key: session.address, expiry };
    const ofSession = keySigner(alice.privateKey as Hex).sign(digests.sessionKey(channel.id, named));
    await adjudicator.registerSessionKey(channel.params, 0, session.address, expiry, ofSession);

    const signed = signedByAll(channel, { turnNum: 5n, outcome: outcomeOf(ETH, [bob.address, 1n]) });
    const ofChallenge = session.sign(digests.challenge(channel.id, signed.state));
    await adjudicator.challenge(channel.params, [signed], 0, ofChallenge, { value: BOND });

    await adjudicator.connect(alice).depositETH(channel.id, 0n, { value: 5n });
    const withdrawal = { asset: ETH, destination: toDestination(bob.address as Hex), total: 3n };
    const digest = digests.withdrawal(channel.id, withdrawal);
    const signatures = `${session.sign(digest)}${sign(digest, [bob]).slice(2)}`;
    await adjudicator.withdraw(channel.params, ETH, withdrawal.destination, 3n, signatures);

    // Wallets sign the same digests as typed data, and the client names the same signer as the contract.
    const typed = {
      name: "hardhat-rollup channels",
      version: "1",
      chainId: domain.l1ChainId,
      verifyingContract: domain.adjudicator,
    };
    const next = stateOf({ turnNum: 6n });
    const compact = await Promise.all(
      [alice, bob].map(async (wallet: Wallet) => {
        const message = { channelId: channel.id, ...next.state };
        const { compactSerialized } = environment().ethers.Signature.from(
          await wallet.signTypedData(typed, TYPES, message),
        );
        expect(signerOf(channelDigests(domain).state(channel.id, next.state), compactSerialized as Hex)).to.equal(
          wallet.address.toLowerCase(),
        );
        return compactSerialized.slice(2);
      }),
    );
    await adjudicator.checkpoint(channel.params, { ...next, signedBy: 3n, signatures: `0x${compact.join("")}` });
    expect(hashOf("0x")).to.equal(keccak256("0x"));
  });
});
