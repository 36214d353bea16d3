import { expect } from "chai";
import { AbiCoder, concat, toBeHex } from "ethers";

import { signBls } from "../../../plugin/da/committee/bls.js";
import {
  type CommitteeClient,
  type CommitteeOnL1,
  findCommittee,
  memberL1,
  NoCommitteeError,
} from "../../../plugin/da/committee/l1.js";
import { createMember, type Member, type MemberL1 } from "../../../plugin/da/committee/member.js";
import { createCertifier, servingTime } from "../../../plugin/da/committee/posting.js";
import { serveMember } from "../../../plugin/da/committee/server.js";
import { openVault } from "../../../plugin/da/committee/vault.js";
import { encodeDaInput } from "../../../plugin/da/input.js";
import { toHex } from "../../../plugin/ledger/bytes.js";
import { memoryStore } from "../../../plugin/store/memory.js";
import type { Hex } from "../../../plugin/types.js";
import { DataAvailabilityCommittee__factory, ISequencerRegistry__factory } from "../../../typechain-types/index.js";
import { claimAfter, postBatch } from "../../support/batches.js";
import { BLS, deployCommittee, memberKeys, proveMembers, upgradeToCommittee } from "../../support/committee.js";
import { dataHash } from "../../support/protocol.js";
import { now, useWorld, type World } from "../../support/world.js";
import { bytes } from "./support.js";

const KEYS = memberKeys(7);
const CERTIFICATE = ["length", "epoch", "expiry", "root", "signers", "signatures"] as const;
const CERTIFICATE_TYPES = ["uint64", "uint64", "uint64", "bytes32", "uint256", "bytes"];

describe("A committee on L1", () => {
  const world = useWorld();
  let client: CommitteeClient;
  let open: { close(): Promise<void> }[] = [];

  /** What the plugin asks of a suite. */
  async function clientOf({ bridge, chain, registry, connection }: World): Promise<CommitteeClient> {
    const { provider } = connection.ethers;
    const [bridgeAt, chainAt, registryAt] = (await Promise.all([
      bridge.getAddress(),
      chain.getAddress(),
      registry.getAddress(),
    ])) as [Hex, Hex, Hex];
    return {
      addresses: { bridge: bridgeAt, chain: chainAt, registry: registryAt, game: registryAt, availability: undefined },
      provider,
      registry: ISequencerRegistry__factory.connect(registryAt, provider),
      async heads() {
        const { head, finalizedHead } = await chain.heads();
        return { head, finalizedHead };
      },
      deployment: { l1ChainId: (await provider.getNetwork()).chainId },
    };
  }

  beforeEach(async () => {
    client = await clientOf(world());
  });
  afterEach(async () => {
    await Promise.all(open.map((server) => server.close()));
    open = [];
  });

  it("is not where data go in calldata", async () => {
    const outcome = await findCommittee(client).catch((error: unknown) => error);
    expect(outcome).to.be.instanceOf(NoCommitteeError);
  });

  describe("of a suite that was upgraded to one", () => {
    let committee: CommitteeOnL1;
    let l1: MemberL1;

    beforeEach(async () => {
      await upgradeToCommittee(world(), await deployCommittee(world(), KEYS, 5));
      committee = await findCommittee(client);
      l1 = memberL1(client, committee);
    });

    function memberOf(position: number): Member {
      const signer = KEYS[position]!;
      const maxRetention = servingTime(world().parameters.challengeWindow, committee.disputeDuration);
      const own = { signer, address: signer.address as Hex, vault: openVault(memoryStore()), maxRetention };
      return createMember({ ...own, scope: committee.scope, l1 });
    }

    /** Serves members; a certifier of the suite's sequencer that knows them. */
    async function certifierOf(members: readonly Member[]) {
      const urls = new Map<string, string>();
      for (const member of members) {
        const server = await serveMember({ member, port: 0 });
        open.push(server);
        urls.set(member.address, server.url);
      }
      const { actors, parameters } = world();
      return createCertifier({
        ...{ committee, signer: actors.sequencer, challengeWindow: parameters.challengeWindow, timeout: 10_000 },
        urlOf: (member) => urls.get(member),
        now: () => now(world()),
      });
    }

    async function post(daInput: string) {
      const suite = world();
      const { chain, genesis, actors } = suite;
      return chain.connect(actors.sequencer).appendBatch(genesis, await claimAfter(suite, genesis), [], daInput);
    }

    it("tells its members and threshold", async () => {
      expect(await committee.epoch(0n)).to.deep.equal({ members: KEYS.map(({ address }) => address), threshold: 5 });
      expect(await committee.epoch(1n)).to.equal(undefined);
      expect(committee.disputeDuration).to.equal(world().parameters.disputeDuration);
    });

    it("shows a member what it needs", async () => {
      const suite = world();
      const { chain, actors, genesis } = suite;
      expect(await l1.isSequencer(actors.sequencer.address as Hex)).to.equal(true);
      expect(await l1.isSequencer(actors.alice.address as Hex)).to.equal(false);
      const { number, timestamp } = await l1.block();
      expect(timestamp).to.equal(await now(suite));

      const header = await postBatch(suite, genesis);
      expect(await l1.heads()).to.deep.equal({ head: 1n, finalizedHead: 0n });
      expect(await l1.wasReverted(1n, number)).to.equal(false);
      const judge = chain.connect(actors.resolver);
      await judge.openDispute(header);
      await judge.revertBatches(header, actors.alice);
      const after = (await l1.block()).number;
      expect(await l1.wasReverted(0n, number)).to.equal(false);
      expect(await l1.wasReverted(1n, number)).to.equal(true);
      expect(await l1.wasReverted(2n, number)).to.equal(true);
      expect(await l1.wasReverted(1n, after)).to.equal(false);
    });

    it("attests a batch that L1 takes, two members down", async () => {
      const certify = await certifierOf([0, 2, 3, 4, 6].map(memberOf));
      const data = bytes(9_000);
      const certificate = await certify(1n, data);
      expect(certificate?.signers).to.equal(0b1011101n);
      const words = CERTIFICATE.map((name) => certificate?.[name]);
      // A struct with bytes: where it begins, then its fields.
      const encoded = AbiCoder.defaultAbiCoder().encode(CERTIFICATE_TYPES, words);
      const sent = await post(concat(["0x02", toBeHex(32, 32), encoded]));
      await expect(sent).to.emit(world().chain, "BatchAppended");
      const [event] = await world().chain.queryFilter(world().chain.filters.BatchAppended(1n));
      expect(event?.args.header.dataHash).to.equal(dataHash(toHex(data)));
    });

    it("certifies nothing when three members are down; the batch goes in calldata", async () => {
      const certify = await certifierOf([0, 2, 3, 4].map(memberOf));
      const data = bytes(100);
      expect(await certify(1n, data)).to.equal(undefined);
      await expect(await post(concat(["0x00", data]))).to.emit(world().chain, "BatchAppended");
    });

    it("certifies nothing where there is nothing to hold", async () => {
      const certify = await certifierOf([]);
      expect(await certify(1n, new Uint8Array())).to.equal(undefined);
    });
  });

  describe("of a suite that was upgraded to one by BLS", () => {
    it("tells its members' keys, and attests a batch that L1 takes", async () => {
      const suite = world();
      const { actors, timelock, bridge, parameters } = suite;
      const { keys, members } = await proveMembers(actors.deployer, 4);
      const contract = await new DataAvailabilityCommittee__factory(actors.deployer).deploy({
        ...{ timelock, bridge, overlap: 86_400n, keys, threshold: 3, scheme: BLS },
        members: members.map(({ address }) => address),
      });
      await upgradeToCommittee(suite, contract);
      const committee = await findCommittee(client);
      expect(await committee.epoch(0n)).to.deep.equal({
        ...{ members: members.map(({ address }) => address), keys: members.map(({ key }) => key), threshold: 3 },
      });

      const l1 = memberL1(client, committee);
      const maxRetention = servingTime(parameters.challengeWindow, committee.disputeDuration);
      const urls = new Map<string, string>();
      for (const { address, secret } of members.slice(1)) {
        const signer = { signDigest: (digest: Hex) => signBls(secret, digest) };
        const own = { signer, address, scope: committee.scope, l1, vault: openVault(memoryStore()), maxRetention };
        const server = await serveMember({ member: createMember(own), port: 0 });
        open.push(server);
        urls.set(address, server.url);
      }
      const certify = createCertifier({
        ...{ committee, signer: actors.sequencer, challengeWindow: parameters.challengeWindow, timeout: 10_000 },
        urlOf: (member) => urls.get(member),
        now: () => now(suite),
      });
      const certificate = await certify(1n, bytes(9_000));
      expect(certificate?.signers).to.equal(0b1110n);
      expect(certificate?.signatures).to.have.length(2 + 2 * 128);
      const daInput = encodeDaInput({ form: "committee", certificate: certificate! });
      const claim = await claimAfter(suite, suite.genesis);
      const chain = suite.chain.connect(actors.sequencer);
      await expect(chain.appendBatch(suite.genesis, claim, [], daInput)).to.emit(chain, "BatchAppended");
    });
  });
});
