import { expect } from "chai";
import { keccak256, ZeroHash } from "ethers";

import { DataWithheldError, fetchChunks, fetchData, type MemberFault } from "../../../plugin/da/committee/client.js";
import { type CommitteeOnL1, findCommittee, memberL1 } from "../../../plugin/da/committee/l1.js";
import { createMember } from "../../../plugin/da/committee/member.js";
import { createCertifier, servingTime } from "../../../plugin/da/committee/posting.js";
import { serveMember } from "../../../plugin/da/committee/server.js";
import { openVault } from "../../../plugin/da/committee/vault.js";
import { type Certificate, decodeDaInput, encodeDaInput } from "../../../plugin/da/input.js";
import { daInputOf, NoMemberKnownError } from "../../../plugin/l1/batch-data.js";
import { connectL1, type L1Client } from "../../../plugin/l1/client.js";
import { type BatchToPost, createBatchPoster } from "../../../plugin/l1/poster.js";
import { createSender } from "../../../plugin/l1/sender.js";
import { fromHex } from "../../../plugin/ledger/bytes.js";
import { dataHash } from "../../../plugin/ledger/hashes.js";
import { memoryStore } from "../../../plugin/store/memory.js";
import { type Deployment, type Hex, ZERO_HASH } from "../../../plugin/types.js";
import {
  CommitteeDA__factory,
  DataAvailabilityCommittee__factory,
  StateCommitmentChain__factory,
  UpgradeTimelock__factory,
} from "../../../typechain-types/index.js";
import { failure } from "../../l1/support/failure.js";
import { deployTo, describeOnEveryL1, type TestL1 } from "../../l1/support/l1.js";
import { BY_ECDSA, memberKeys } from "../../support/committee.js";
import { bytes, serveAnswer } from "./support.js";

const KEYS = memberKeys(7);
const DEAD = "http://127.0.0.1:9";

describeOnEveryL1("batches with a committee", (get) => {
  const data = bytes(9_000);
  let l1: TestL1;
  let deployment: Deployment;
  let client: L1Client;
  let committee: CommitteeOnL1;
  let snapshot: unknown;
  let open: { close(): Promise<void> }[] = [];
  let faults: MemberFault[] = [];

  /** A suite that was upgraded to a committee, 5 of 7. */
  before(async () => {
    l1 = get();
    deployment = await deployTo(l1);
    const signer = l1.wallet(0);
    const { StateCommitmentChain: record, L1EscrowBridge, UpgradeTimelock } = deployment.contracts;
    const chain = StateCommitmentChain__factory.connect(record.address, signer);
    const own = await chain.parameters();
    const { inbox, registry, resolver, proofRequired, maxBatchMessages, fullBatchMessages, challengeWindow } = own;
    const { forceInclusionDelay, escapeDelay } = own;
    const { permissionlessDelay, disputeDuration, l2ChainId, machineHash, genesisStateRoot } = own;
    const committeeContract = await new DataAvailabilityCommittee__factory(signer).deploy({
      ...{ timelock: UpgradeTimelock.address, bridge: L1EscrowBridge.address, overlap: 86_400n, threshold: 5 },
      members: KEYS.map(({ address }) => address),
      ...BY_ECDSA,
    });
    await committeeContract.waitForDeployment();
    const layer = await new CommitteeDA__factory(signer).deploy(committeeContract, disputeDuration);
    await layer.waitForDeployment();
    const code = await new StateCommitmentChain__factory(signer).deploy({
      ...{ inbox, registry, resolver, proofRequired, maxBatchMessages, fullBatchMessages, challengeWindow },
      ...{ forceInclusionDelay, escapeDelay, dataAvailability: layer },
      ...{ permissionlessDelay, disputeDuration, l2ChainId, machineHash, genesisStateRoot },
    });
    await code.waitForDeployment();
    const implementation = await code.getAddress();
    const codeHash = keccak256(await l1.provider.getCode(implementation));
    const timelock = UpgradeTimelock__factory.connect(UpgradeTimelock.address, signer);
    const call = timelock.interface.encodeFunctionData("upgrade", [record.address, implementation, codeHash, "0x"]);
    const operation = [UpgradeTimelock.address, 0n, call, ZeroHash, ZeroHash] as const;
    const delay = await timelock.getMinDelay();
    await (await timelock.schedule(...operation, delay)).wait();
    await l1.pass(delay);
    await (await timelock.execute(...operation)).wait();
    client = connectL1(l1.provider, deployment, signer);
    committee = await findCommittee(client);
  });
  beforeEach(async () => {
    snapshot = await l1.send("evm_snapshot");
    faults = [];
  });
  afterEach(async () => {
    await l1.send("evm_revert", snapshot);
    await Promise.all(open.map((server) => server.close()));
    open = [];
  });

  /** Members that are there, by position; the others are down. */
  async function serve(positions: readonly number[]): Promise<string[]> {
    const { parameters } = client;
    const maxRetention = servingTime(parameters.challengeWindow, committee.disputeDuration);
    return Promise.all(
      KEYS.map(async (signer, position) => {
        if (!positions.includes(position)) return DEAD;
        const own = { signer, address: signer.address as Hex, vault: openVault(memoryStore()), maxRetention };
        const member = createMember({ ...own, scope: committee.scope, l1: memberL1(client, committee) });
        const server = await serveMember({ member, port: 0 });
        open.push(server);
        return server.url;
      }),
    );
  }

  async function posterOf(urls: readonly string[]) {
    const signer = l1.wallet(0);
    const certify = createCertifier({
      ...{ committee, signer, challengeWindow: client.parameters.challengeWindow, timeout: 10_000 },
      urlOf: (member) => urls[KEYS.findIndex(({ address }) => address === member)],
      now: () => client.now(),
      onFault: (fault) => faults.push(fault),
    });
    return createBatchPoster({ client, sender: await createSender({ provider: l1.provider, signer }), certify });
  }

  const batch = (): BatchToPost => ({
    parent: deployment.genesis,
    claim: {
      ...{ stateRoot: `0x${"22".repeat(32)}`, withdrawalsRoot: ZERO_HASH, inboxAcc: ZERO_HASH, inboxTo: 0n },
      l2BlockTo: 1n,
    },
    data,
  });

  /** Reads as somebody does who knows these servers. */
  const readerOf = (urls: readonly string[]) =>
    connectL1(l1.provider, deployment, undefined, {
      committee: {
        data: (hash, signal) => fetchData(urls, hash, { signal, timeout: 2_000 }),
        chunks: (hash, indexes, signal) => fetchChunks(urls, hash, indexes, { signal, timeout: 2_000 }),
      },
    });

  it("go to L1 as a certificate, two members down, and come back from any member", async () => {
    const urls = await serve([0, 1, 3, 4, 6]);
    const poster = await posterOf(urls);
    const posted = await poster.post(batch());
    expect(posted.header.dataHash).to.equal(dataHash(data));
    expect((await poster.post(batch())).transaction).to.equal(posted.transaction);

    const transaction = await l1.provider.getTransaction(posted.transaction);
    const input = daInputOf(fromHex(transaction?.data ?? "0x"));
    const place = input && decodeDaInput(input);
    expect(place?.form).to.equal("committee");
    expect(place?.form === "committee" && place.certificate.signers).to.equal(0b1011011n);
    expect(input?.length).to.be.below(1_000);
    expect(faults.map(({ member }) => member)).to.have.members([KEYS[2]?.address, KEYS[5]?.address]);

    const liar = await serveAnswer({ status: 200, body: bytes(9_000, 1) });
    open.push(liar);
    for (const url of [urls[0], urls[6]]) {
      const reader = readerOf([DEAD, liar.url, url ?? DEAD]);
      expect((await reader.batchData(posted.header)).bytes).to.deep.equal(data);
    }
    expect(await failure(readerOf([DEAD, liar.url]).batchData(posted.header))).to.be.instanceOf(DataWithheldError);
    expect(await failure(client.batchData(posted.header))).to.be.instanceOf(NoMemberKnownError);
  });

  it("go to L1 in calldata when three members are down, and need no member to be read", async () => {
    const posted = await (await posterOf(await serve([0, 1, 3, 4]))).post(batch());
    expect(posted.header.dataHash).to.equal(dataHash(data));
    expect((await client.batchData(posted.header)).bytes).to.deep.equal(data);
    expect(faults).to.have.length(3);
  });
});

describe("a certificate in daInput", () => {
  const certificate: Certificate = {
    length: 9_000n,
    epoch: 3n,
    expiry: 1_700_000_000n,
    root: `0x${"ab".repeat(32)}`,
    signers: 0b11n,
    signatures: `0x${"cd".repeat(128)}`,
  };

  it("is read as it is written", () => {
    expect(decodeDaInput(encodeDaInput({ form: "committee", certificate }))).to.deep.equal({
      form: "committee",
      certificate,
    });
  });

  it("is none when it is cut off", () => {
    const whole = encodeDaInput({ form: "committee", certificate });
    for (const length of [1, 32, 200, whole.length - 32])
      expect(decodeDaInput(whole.subarray(0, length)), `${length} bytes`).to.equal(undefined);
  });
});
