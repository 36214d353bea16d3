import { hexlify, randomBytes, toBeHex } from "ethers";

import { moveClock } from "../../plugin/hardhat/clock.js";
import { registerSequencer } from "../../plugin/l1/actions.js";
import type { L1Client } from "../../plugin/l1/client.js";
import { failed, notCheckable, passed } from "../../plugin/stage/outcome.js";
import { duration, seconds } from "../../plugin/stage/show.js";
import type { Outcome } from "../../plugin/stage/types.js";
import { type BatchHeader, ZERO_HASH } from "../../plugin/types.js";
import { DisputeGame__factory, StateCommitmentChain__factory } from "../../typechain-types/index.js";
import { impersonate, setBalance } from "../support/fork.js";
import { as, type Scene, stranger, told } from "./scene.js";

/** ERC-1967: keccak256("eip1967.proxy.implementation") - 1. */
const IMPLEMENTATION_SLOT = "0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc";
const SHORT_WINDOW = 3_600n;
const PLENTY = 10n ** 23n;

export interface Challenge {
  challenges: Outcome;
  fixed: Outcome;
}

/** Somebody posts a false batch; somebody else has it disputed; and an upgrade that shortens the window comes too late for it. */
export async function challenge(scene: Scene): Promise<Challenge> {
  let header: BatchHeader;
  try {
    header = await postFalse(scene);
  } catch (error) {
    const outcome = notCheckable(`no false batch could be posted: ${told(error)}`);
    return { challenges: outcome, fixed: outcome };
  }
  return { fixed: await windowFixed(scene, header), challenges: await dispute(scene, header) };
}

/** By a stranger; where only some may post, by the first of them. */
async function postFalse(scene: Scene): Promise<BatchHeader> {
  const somebody = as(scene, await stranger(scene));
  try {
    await registerSequencer(somebody);
    return await appendFalse(scene, somebody);
  } catch (error) {
    const active = await somebody.registry.activeSequencer();
    if (BigInt(active) === 0n) throw error;
    return appendFalse(scene, as(scene, await impersonate(scene.copy, active, PLENTY)));
  }
}

/** All messages, an empty block, and a state root that means nothing. */
async function appendFalse(scene: Scene, l1: L1Client): Promise<BatchHeader> {
  const [activeAt] = await l1.chain.lastActivity();
  await moveClock(scene.copy, activeAt + l1.parameters.permissionlessDelay);
  const { head } = await l1.heads();
  const parent = await l1.batchHeader(head);
  const inboxTo = await l1.bridge.messageCount();
  const claim = {
    stateRoot: hexlify(randomBytes(32)),
    withdrawalsRoot: ZERO_HASH,
    inboxAcc: await l1.bridge.accumulator(inboxTo),
    inboxTo,
    l2BlockTo: parent.l2BlockTo + 1n,
  };
  await (await l1.chain.appendBatch(parent, claim, [], "0x00")).wait();
  return l1.batchHeader(head + 1n);
}

async function dispute(scene: Scene, header: BatchHeader): Promise<Outcome> {
  const signer = await stranger(scene);
  const { address } = signer;
  const l1 = as(scene, signer);
  const game = DisputeGame__factory.connect(header.resolver, signer);
  try {
    const { dissectionBits } = await game.parameters();
    const bond = await game.bond(1n);
    if (bond > PLENTY) await setBalance(scene.copy, address, 2n * bond);
    const list = Array.from({ length: 2 ** Number(dissectionBits) }, () => hexlify(randomBytes(32)));
    await (await game.counterBatch(header, list, { value: bond })).wait();
    const headerHash = await l1.headerHash(header.index);
    return (await l1.chain.isDisputed(headerHash))
      ? passed(`${address}, which had never been seen, disputed a false batch`, [
          { what: "bond of its claim", value: `${bond} wei` },
          { what: "header hash of the batch", value: headerHash },
        ])
      : failed(`${address} made a claim against batch ${header.index}, and the chain does not hold it disputed`);
  } catch (error) {
    return failed(`${address}, which had never been seen, cannot dispute a false batch: ${told(error)}`);
  }
}

/** The chain gets this package's code with a window of an hour, as an upgrade would. */
async function windowFixed(scene: Scene, header: BatchHeader): Promise<Outcome> {
  const { provider } = scene.copy;
  const { chain: address } = as(scene, undefined).addresses;
  const id: unknown = await provider.request({ method: "evm_snapshot", params: [] });
  try {
    const signer = await stranger(scene);
    const chain = StateCommitmentChain__factory.connect(address, signer);
    const { chain: own } = scene.look.facts;
    const code = await new StateCommitmentChain__factory(signer).deploy({
      ...{ inbox: own.inbox, registry: own.registry, dataAvailability: own.dataAvailability, resolver: own.resolver },
      ...{ proofRequired: own.proofRequired, l2ChainId: own.l2ChainId, machineHash: own.machineHash },
      ...{ maxBatchMessages: own.maxBatchMessages, fullBatchMessages: own.fullBatchMessages },
      ...{ forceInclusionDelay: own.forceInclusionDelay, escapeDelay: own.escapeDelay },
      ...{ permissionlessDelay: own.permissionlessDelay, disputeDuration: own.disputeDuration },
      ...{ genesisStateRoot: own.genesisStateRoot, challengeWindow: SHORT_WINDOW },
    });
    const word = toBeHex(await code.getAddress(), 32);
    await provider.request({ method: "hardhat_setStorageAt", params: [address, IMPLEMENTATION_SLOT, word] });
    await moveClock(scene.copy, header.timestamp + 2n * SHORT_WINDOW);
    const window = header.finalizesAt - header.timestamp;
    const evidence = [
      { what: "window of the batch", value: seconds(window) },
      { what: "window after the upgrade", value: seconds((await chain.parameters()).challengeWindow) },
    ];
    try {
      await chain.finalize.staticCall([header]);
    } catch {
      return passed(`a batch on L1 keeps its window of ${duration(window)}, whatever upgrade follows`, evidence);
    }
    return failed(
      `an upgrade to a window of ${duration(SHORT_WINDOW)} makes a batch final that was posted before`,
      evidence,
    );
  } catch (error) {
    return notCheckable(told(error));
  } finally {
    await provider.request({ method: "evm_revert", params: [id] });
  }
}
