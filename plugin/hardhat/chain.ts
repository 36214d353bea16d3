import { join } from "node:path";

import { resolveAddress, type Signer } from "ethers";
import { HardhatPluginError } from "hardhat/plugins";
import type { NetworkConnection } from "hardhat/types/network";

import { readDeployment } from "../../deploy/address-book.js";
import { memoryJournal } from "../../deploy/journal.js";
import { memberUrlsOf, presetFor, resolveParameters, type RollupParametersInput } from "../../deploy/parameters.js";
import { requireSafes } from "../../deploy/roles.js";
import { deploySuite } from "../../deploy/suite.js";
import {
  IDataAvailability__factory,
  DisputeGame__factory,
  L1EscrowBridge__factory,
  OneStepVerifier__factory,
  SequencerRegistry__factory,
  StateCommitmentChain__factory,
  SuiteFactory__factory,
  UpgradeTimelock__factory,
} from "../../typechain-types/index.js";
import { memoryArchive, openArchive } from "../da/archive.js";
import { claimWithdrawal, deposit, finalize, forceTransaction, forceWithdrawal } from "../l1/actions.js";
import { connectL1, type L1Client } from "../l1/client.js";
import { checkDeployedProgram } from "../l1/program.js";
import { createSource } from "../l1/source.js";
import { proveAll, type ProvedOnL1, type ProveOptions } from "../prover/agent.js";
import { openLevelStore } from "../store/level.js";
import { memoryStore } from "../store/memory.js";
import type { PostResult } from "../sequencer/options.js";
import { contractOf, type Deployment, type Hex, MissingContractError } from "../types.js";
import type { ValidatorEvent } from "../validator/types.js";
import { openRecords } from "../validator/records.js";
import { createValidator, withGenesis } from "../validator/validator.js";
import { signerWithKey } from "./blobs.js";
import { committeeReader } from "./committee.js";
import { moveClock } from "./clock.js";
import { createL2 } from "./l2.js";
import { openProof, programFor } from "./proof.js";
import { startLocalCommittee, withLocalMembers } from "./local-committee.js";
import { localSequencer } from "./local-sequencer.js";
import { createRehearsal } from "./rehearsal.js";
import { getWithdrawal } from "./rollup-rpc.js";
import type { AddressOf, ChainOptions, FaultyPost, RollupChain, RollupConfig, RollupContracts } from "./types.js";

/** What the connection knows of a chain besides. */
export interface LocalChain extends RollupChain {
  /** The L2 as it is now, and the way back to it. */
  save(): Promise<() => Promise<void>>;
}

/** Deploys a suite to the connection's network and starts a rollup on it. */
export async function deployChain(
  connection: NetworkConnection<string>,
  config: RollupConfig,
  parameters: RollupParametersInput = {},
  options: ChainOptions = {},
): Promise<LocalChain> {
  const { ethers, networkName } = connection;
  const signer = options.sequencer ?? (await firstSigner(connection));
  const deployer = (await signer.getAddress()) as Hex;
  const { chainId } = await ethers.provider.getNetwork();
  const preset = presetFor(chainId);
  const given = withLocalMembers({ ...config.parameters, ...parameters }, preset, options.members);
  const resolved = resolveParameters(given, { preset, l1ChainId: chainId, deployer });
  await requireSafes(ethers.provider, given);
  const { deployment } = await deploySuite({
    network: networkName,
    parameters: resolved,
    memberUrls: memberUrlsOf(given),
    ...(await programFor(resolved, chainId, { cache: config.cache })),
    signer,
    bond: true,
    journal: memoryJournal(),
    restartOnNewChain: true,
  });
  return openChain(connection, deployment, config, signer, options);
}

/** Starts a rollup on a suite that was deployed before. */
export async function attachChain(
  connection: NetworkConnection<string>,
  config: RollupConfig,
  book?: string | Deployment,
  options: ChainOptions = {},
): Promise<LocalChain> {
  const path = typeof book === "string" ? book : join(config.deployments, connection.networkName, "rollup.json");
  const deployment = typeof book === "object" ? book : await readDeployment(path);
  const signer = options.sequencer ?? (await firstSigner(connection));
  return openChain(connection, deployment, config, signer, options);
}

async function openChain(
  connection: NetworkConnection<string>,
  deployment: Deployment,
  { cache }: RollupConfig,
  signer: Signer,
  { storage, blocks = "auto", ...players }: ChainOptions,
): Promise<LocalChain> {
  const { provider } = connection.ethers;
  const archive = storage === undefined ? memoryArchive() : openArchive(`${storage}.blobs`);
  const committee = await startLocalCommittee(
    connectL1(provider, deployment),
    storage === undefined ? undefined : `${storage}.members`,
  );
  const members = committee?.reached;
  const proof = openProof(deployment, { cache });
  const { program, machine } = proof;
  const sources = { blobSources: [archive], committee: members && committeeReader(deployment, members) };
  const connect = (other?: Signer): L1Client => connectL1(provider, deployment, other, sources);
  const own = connect(deployment.parameters.da === "blob" ? signerWithKey(connection, signer) : signer);
  await checkDeployedProgram(own, program.machineHash, undefined, program.state?.genesis[0]);
  const as = (other: Signer): L1Client => connect(other);
  const store = storage === undefined ? memoryStore() : await openLevelStore(storage);
  const sequencer = await localSequencer(own, proof, store, blocks, { archive, members });
  await sequencer.start();
  const l2 = createL2(connection, deployment, sequencer.request);
  const reader = connect();
  const spare = (await connection.ethers.getSigners()).slice(2).reverse();
  const player = players.validator ?? spare[0];
  let listener: ((event: ValidatorEvent) => void) | undefined;
  const states = memoryStore();
  const validator = await createValidator({
    client: reader,
    source: createSource(reader, { games: true }),
    program,
    store: states,
    log: (event) => listener?.(event),
    ...(player === undefined || machine === undefined ? {} : { play: { client: as(player), machine } }),
  });
  const send = (method: string, params: unknown[]) => sequencer.request({ method, params });
  const rehearsal = createRehearsal({
    ...{ connection, reader, as, machine, sequencer, validator, archive, members, liar: spare[1] },
    listen: (next) => (listener = next),
  });
  async function post(): Promise<PostResult | undefined>;
  async function post(faulty: FaultyPost): Promise<PostResult>;
  async function post(faulty?: FaultyPost): Promise<PostResult | undefined> {
    return faulty === undefined ? sequencer.post() : rehearsal.post(faulty.fault, faulty.by);
  }

  async function prove(work?: ProveOptions): Promise<ProvedOnL1[]> {
    const { validity } = proof;
    if (validity === undefined) throw new MissingContractError("ValidityResolver");
    // Its store has the states that batches start from.
    await validator.run({ watch: false, signal: work?.signal });
    const nodes = withGenesis(openRecords(states).nodes, program.state?.genesis);
    const proved = await proveAll({ client: own, ...validity, nodes, request: send }, work);
    await sequencer.sync();
    return proved;
  }

  return {
    deployment,
    prove,
    contracts: contractsOf(deployment, signer),
    l2,
    committee,
    sequencer: { ...sequencer, post },
    validator,
    dispute: (wanted) => rehearsal.dispute(wanted),

    async deposit(depositor, { amount, token, to }) {
      const request = { amount, token: await addressOf(token), target: await addressOf(to) };
      const done = await deposit(as(depositor), request);
      await sequencer.catchUp();
      return done;
    },

    async forceTransaction(sender, raw) {
      const done = await forceTransaction(as(sender), raw);
      await sequencer.catchUp();
      return done;
    },

    async forceWithdrawal(account, { amount, token, target }) {
      const request = { amount, token: await addressOf(token), target: await addressOf(target) };
      const done = await forceWithdrawal(as(account), request);
      await sequencer.catchUp();
      return done;
    },

    async finalize() {
      while ((await sequencer.post()) !== undefined) continue;
      const { head, finalizedHead } = await own.heads();
      if (proof.validity !== undefined) await prove();
      else if (head > finalizedHead) {
        await moveClock(connection, (await own.batchHeader(head)).finalizesAt);
        await finalize(own);
      }
      await sequencer.sync();
      return head;
    },

    async claim(pending, payer = signer) {
      await sequencer.sync();
      const wanted = "message" in pending ? pending.message : pending.transaction;
      const known = await getWithdrawal(send, wanted);
      if (known?.claim === undefined) {
        throw new HardhatPluginError(
          "hardhat-rollup",
          known === undefined
            ? "no block of the L2 has this withdrawal; the L2 account may lack the amount"
            : "the withdrawal is in an L2 block that is not on L1 yet; call sequencer.post() and finalize() first",
        );
      }
      const claimed = await claimWithdrawal(as(payer), known.claim);
      await sequencer.sync();
      return claimed;
    },

    // What is on disk is kept: a sequencer with a database sees a snapshot as the reorganisation that it is.
    async save() {
      if (storage !== undefined) return () => sequencer.sync();
      const restore = await Promise.all([committee?.save(), sequencer.save()]);
      return async () => {
        for (const back of restore) await back?.();
      };
    },

    async close() {
      await sequencer.stop();
      proof.close();
      l2.provider.destroy();
      await store.close();
      await committee?.close();
    },
  };
}

function contractsOf({ contracts }: Deployment, signer: Signer): RollupContracts {
  return {
    bridge: L1EscrowBridge__factory.connect(contracts.L1EscrowBridge.address, signer),
    chain: StateCommitmentChain__factory.connect(contracts.StateCommitmentChain.address, signer),
    registry: SequencerRegistry__factory.connect(contracts.SequencerRegistry.address, signer),
    get game() {
      return DisputeGame__factory.connect(contractOf(contracts, "DisputeGame").address, signer);
    },
    get verifier() {
      return OneStepVerifier__factory.connect(contractOf(contracts, "OneStepVerifier").address, signer);
    },
    da: IDataAvailability__factory.connect(contracts.DataAvailability.address, signer),
    timelock: UpgradeTimelock__factory.connect(contracts.UpgradeTimelock.address, signer),
    factory: SuiteFactory__factory.connect(contracts.SuiteFactory.address, signer),
  };
}

async function firstSigner({ ethers, networkName }: NetworkConnection<string>): Promise<Signer> {
  const [first] = await ethers.getSigners();
  if (first !== undefined) return first;
  throw new HardhatPluginError(
    "hardhat-rollup",
    `network "${networkName}" has no accounts; name some in networks.${networkName}.accounts`,
  );
}

async function addressOf(value: AddressOf | undefined): Promise<Hex | undefined> {
  return value === undefined ? undefined : ((await resolveAddress(value)) as Hex);
}
