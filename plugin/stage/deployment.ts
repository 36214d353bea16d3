import {
  type Deployment,
  type Hex,
  type MachineProgram,
  type SuiteContracts,
  ZERO_ADDRESS,
  ZERO_HASH,
} from "../types.js";
import { circuitProgram } from "../l1/program.js";
import { MAX_SLOTS } from "../validity/circuit.js";
import type { SuiteFacts } from "./facts.js";

/**
 * An address book of what was found, for what works with one; what L1 does not tell, and what nothing of this needs, is zero.
 * @param slots Of a proof, which L1 does not tell: a limit.
 */
export function deploymentOf(facts: SuiteFacts, slots = BigInt(MAX_SLOTS)): Deployment {
  const { escrow, chain, registry, game, challenge, committee, timelock, poseidon, genesis, isOptimistic } = facts;
  const record = (address: string) => ({ address: address as Hex, codeHash: ZERO_HASH, transaction: ZERO_HASH });
  const part = (name: string) => {
    const found = facts.parts.find((each) => each.name === name);
    return found === undefined ? {} : { [name]: record(found.address) };
  };
  const contracts: SuiteContracts = {
    L1EscrowBridge: record(facts.bridge),
    StateCommitmentChain: { ...record(escrow.chain), transaction: facts.genesisTransaction },
    SequencerRegistry: record(chain.registry),
    DataAvailability: record(facts.layer),
    StateProof: record(escrow.stateProof),
    UpgradeTimelock: record(escrow.upgradeTimelock),
    SuiteFactory: record(ZERO_ADDRESS),
    ...part("DisputeGame"),
    ...part("OneStepVerifier"),
    ...part("DataAvailabilityCommittee"),
    ...part("AvailabilityChallenge"),
    ...part("StatementDA"),
    ...part("ValidityResolver"),
  };
  return {
    version: 1,
    network: "",
    l1ChainId: facts.l1ChainId,
    parameters: {
      l2ChainId: chain.l2ChainId,
      proof: isOptimistic ? "fraud" : "validity",
      da: facts.da ?? "calldata",
      challengeWindow: chain.challengeWindow,
      forceInclusionDelay: chain.forceInclusionDelay,
      inboxCapacity: escrow.inboxCapacity,
      sequencerBond: registry?.minimumBond ?? 0n,
      slots: isOptimistic ? 0n : slots,
      levels: poseidon?.levels ?? 0n,
      dissectionBits: game?.dissectionBits ?? 0n,
      disputeClock: game?.clock ?? 0n,
      disputeExtension: game?.extension ?? 0n,
      disputeBond: game?.baseBond ?? 0n,
      bondWithdrawalDelay: registry?.withdrawalDelay ?? 0n,
      sequencerGrace: registry?.sequencerGrace ?? 0n,
      permissionlessDelay: registry?.permissionlessDelay ?? chain.permissionlessDelay,
      escapeDelay: chain.escapeDelay,
      upgradeDelay: timelock.own?.minimumDelay ?? timelock.delay ?? 0n,
      pauseDuration: escrow.pauseDuration,
      pauseCooldown: escrow.pauseCooldown,
      guardian: escrow.guardian as Hex,
      upgrader: ZERO_ADDRESS,
      ...{ cancellers: [], council: [], councilThreshold: timelock.own?.councilThreshold ?? 0n },
      committeeMembers: committee?.members ?? [],
      committeeKeys: committee?.keys ?? ZERO_ADDRESS,
      committeeThreshold: committee?.threshold ?? 0n,
      committeeOverlap: committee?.overlap ?? 0n,
      demandWindow: challenge?.demandWindow ?? 0n,
      answerTime: challenge?.answerTime ?? 0n,
      answerMargin: challenge?.answerMargin ?? 0n,
      demandBond: challenge?.demandBond ?? 0n,
    },
    program: isOptimistic ? programOf(facts) : circuitProgram(chain.machineHash as Hex),
    fromBlock: BigInt(facts.fromBlock),
    genesis,
    contracts,
  };
}

function programOf({ chain, game }: SuiteFacts): MachineProgram {
  return {
    machineHash: chain.machineHash as Hex,
    codeRoot: (game?.codeRoot ?? ZERO_HASH) as Hex,
    memoryRoot0: (game?.memoryRoot0 ?? ZERO_HASH) as Hex,
    entryPc: Number(game?.entryPc ?? 0n),
    pages: Number(game?.pages ?? 0n),
    maxPages: Number(game?.maxPages ?? 0n),
    version: Number(game?.version ?? 0n),
  };
}
