import { expect } from "chai";

import { connectAdjudicator } from "../../plugin/channel/adjudicator.js";
import { type ChannelClient, createChannelClient } from "../../plugin/channel/client.js";
import type { ChannelHandle } from "../../plugin/channel/handle.js";
import { channelDigests, channelIdOf } from "../../plugin/channel/hashes.js";
import { simple } from "../../plugin/channel/outcome.js";
import type { ChannelReport } from "../../plugin/channel/report.js";
import { type KeySigner, keySigner, randomKey } from "../../plugin/channel/signing.js";
import { memoryNetwork } from "../../plugin/channel/transport.js";
import type { ChannelDomain, ChannelParams, Outcome } from "../../plugin/channel/types.js";
import { memoryStore } from "../../plugin/store/memory.js";
import type { Hex } from "../../plugin/types.js";
import { channelEnvironment, DURATION, ETH } from "../contracts/channel/support.js";

type Environment = Awaited<ReturnType<typeof channelEnvironment>>;

describe("channel client on the adjudicator's contract", () => {
  let environment: Environment;
  let domain: ChannelDomain;
  let token: Hex;
  let nonce = 100n;
  const open: ChannelClient[] = [];

  before(async () => {
    environment = await channelEnvironment();
    const { adjudicator, ethers, alice, bob } = environment;
    const { chainId } = await ethers.provider.getNetwork();
    domain = { l1ChainId: chainId, adjudicator: (await adjudicator.getAddress()).toLowerCase() as Hex };
    const deployed = await ethers.deployContract("StandardToken");
    token = (await deployed.getAddress()).toLowerCase() as Hex;
    for (const { address } of [alice, bob]) await deployed.mint(address, 10_000n);
  });
  afterEach(async () => {
    for (const client of open.splice(0)) await client.close();
  });

  interface Opened {
    handles: [ChannelHandle, ChannelHandle];
    reports: ChannelReport[][];
    params: ChannelParams;
    sync: () => Promise<void>;
  }

  /** @param session With what Bob signs; he registers it before the channel is opened. */
  async function start(session?: KeySigner): Promise<Opened> {
    const { alice, bob, ethers } = environment;
    const participants = [alice, bob].map(({ address }) => address.toLowerCase() as Hex);
    const app = await ethers.deployContract("ConsensusApp");
    const params: ChannelParams = {
      participants,
      channelNonce: nonce++,
      appDefinition: (await app.getAddress()).toLowerCase() as Hex,
      challengeDuration: DURATION,
      appParamsHash: `0x${"0".repeat(64)}`,
    };
    if (session !== undefined) await registerKey(params, session.address);
    const network = memoryNetwork();
    const reports: ChannelReport[][] = [[], []];
    const clients: ChannelClient[] = [];
    for (const [i, wallet] of [alice, bob].entries()) {
      const address = participants[i]!;
      const own = keySigner(wallet.privateKey as Hex);
      const client = await createChannelClient({
        domain,
        account: address,
        signer: i === 1 && session !== undefined ? session : own,
        store: memoryStore(),
        transport: network.join(address),
        adjudicator: await connectAdjudicator({ provider: ethers.provider, account: wallet, domain }),
        accept: () => undefined,
        minChallengeDuration: DURATION,
        confirmations: 0,
        pollInterval: "manual",
        resendInterval: 20,
        log: (report) => reports[i]!.push(report),
      });
      clients.push(client);
      open.push(client);
    }
    const assets = [ETH, token].sort();
    const outcome: Outcome = assets.map((asset) => ({
      asset,
      allocations: participants.map((one) => simple(one, 1_000n)),
    }));
    const sync = async (): Promise<void> => {
      for (const client of clients) await client.sync();
      await new Promise((resolve) => setTimeout(resolve, 5));
    };
    let isOpen = false;
    const opened = clients[0]!.open(params, outcome);
    void opened.then(() => (isOpen = true));
    while (!isOpen) await sync();
    const id = channelIdOf(domain, params);
    return { handles: [clients[0]!.channel(id), clients[1]!.channel(id)], reports, params, sync };
  }

  async function registerKey(params: ChannelParams, key: Hex): Promise<void> {
    const { ethers, bob, dave } = environment;
    const { timestamp } = (await ethers.provider.getBlock("latest"))!;
    const session = { participant: params.participants[1]!, key, expiry: BigInt(timestamp + 30 * DURATION) };
    const digest = channelDigests(domain).sessionKey(channelIdOf(domain, params), session);
    const signature = keySigner(bob.privateKey as Hex).sign(digest);
    const adjudicator = await connectAdjudicator({ provider: ethers.provider, account: dave, domain });
    await adjudicator.registerSessionKey(params, { ...session, participant: 1, signature });
  }

  const held = async (asset: Hex): Promise<bigint> => {
    const { adjudicator, ethers } = environment;
    const address = await adjudicator.getAddress();
    if (asset === ETH) return await ethers.provider.getBalance(address);
    return await (await ethers.getContractAt("StandardToken", asset)).balanceOf(address);
  };

  it("opens, pays, withdraws and closes", async () => {
    const { ethers, bob } = environment;
    const { handles, sync } = await start();
    const [alice, other] = handles;
    expect([await held(ETH), await held(token)]).to.deep.equal([2_000n, 2_000n]);
    await alice.pay({ to: 1, amount: 400n });
    await other.pay({ to: 0, amount: 30n, asset: token });
    const withdrawn = other.withdraw(ETH, 1_300n);
    let isDone = false;
    void withdrawn.then(() => (isDone = true));
    while (!isDone) await sync();
    expect(await held(ETH)).to.equal(700n);

    const before = await (await ethers.getContractAt("StandardToken", token)).balanceOf(bob.address);
    const closed = other.close();
    closed.catch(() => undefined);
    while (!alice.isEnded || !other.isEnded) await sync();
    await closed;
    expect([await held(ETH), await held(token)]).to.deep.equal([0n, 0n]);
    expect(await (await ethers.getContractAt("StandardToken", token)).balanceOf(bob.address)).to.equal(before + 970n);
  });

  it("answers an old state, is paid its bond, and ends the dispute with a silent participant", async () => {
    const { ethers, networkHelpers } = environment;
    const { handles, reports, params } = await start();
    const [alice, bob] = handles;
    await alice.pay({ to: 1, amount: 100n });
    const old = alice.latest!;
    await alice.pay({ to: 1, amount: 100n });
    await alice.pay({ to: 1, amount: 100n });
    // Alice's account, without her client: the state in which she had more.
    const liar = keySigner(environment.alice.privateKey as Hex);
    const digest = channelDigests(domain).challenge(alice.id, old.state);
    const adjudicator = await connectAdjudicator({ provider: ethers.provider, account: environment.dave, domain });
    await adjudicator.challenge(params, [{ ...old, appData: "0x", outcome: "0x" }], 0, liar.sign(digest));
    await open.at(-1)!.sync();
    const moves = reports[1]!.flatMap((report) => (report.kind === "l1Move" ? [report.move] : []));
    expect(moves.at(-1)).to.equal("checkpoint");
    const bonds = (await adjudicator.events(0, await adjudicator.height(), alice.id)).filter(
      ({ kind }) => kind === "bondPaid",
    );
    expect(bonds).to.have.length(1);
    expect(bonds[0]).to.include({ to: bob.params.participants[1], isReward: true });

    await open[0]!.close();
    const challenged = bob.challenge();
    await open[1]!.sync();
    await challenged;
    await networkHelpers.time.increase(DURATION);
    await open[1]!.sync();
    expect(bob.isEnded).to.equal(true);
    expect(
      await adjudicator.paidOf(bob.id, ETH, `0x${"0".repeat(24)}${bob.params.participants[1]!.slice(2)}`),
    ).to.equal(1_300n);
    expect([await held(ETH), await held(token)]).to.deep.equal([0n, 0n]);
  });

  it("plays with a session key, whose states L1 takes", async () => {
    const { handles, sync } = await start(keySigner(randomKey()));
    const [alice, bob] = handles;
    await alice.pay({ to: 1, amount: 5n });
    await bob.pay({ to: 0, amount: 1n });
    const closed = alice.close();
    closed.catch(() => undefined);
    while (!alice.isEnded || !bob.isEnded) await sync();
    expect((await closed)?.gasUsed).to.be.a("bigint");
    expect([await held(ETH), await held(token)]).to.deep.equal([0n, 0n]);
  });
});
