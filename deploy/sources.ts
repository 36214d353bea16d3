import { AbiCoder, dataLength, dataSlice, Interface, type InterfaceAbi, type Provider } from "ethers";

import { type Deployment, type Hex, ZERO_HASH } from "../plugin/types.js";
import {
  AvailabilityChallenge__factory,
  BlobDA__factory,
  CalldataDA__factory,
  CommitteeDA__factory,
  DataAvailabilityCommittee__factory,
  DisputeGame__factory,
  Groth16Verifier__factory,
  KeccakStateProof__factory,
  L1EscrowBridge__factory,
  OneStepVerifier__factory,
  PoseidonStateProof__factory,
  ProofEvidence__factory,
  SequencerRegistry__factory,
  StateCommitmentChain__factory,
  StatementDA__factory,
  StepEvidence__factory,
  SuiteFactory__factory,
  UpgradeTimelock__factory,
  ValidityResolver__factory,
} from "../typechain-types/index.js";
import { proxiesStep } from "./090-proxies.js";
import { creationsOf } from "./creations.js";
import { PROXY_ORDER } from "./proxies.js";

/** A contract of a deployment, with what an explorer needs to compile and create it again. */
export interface SourceOfContract {
  /** For people. */
  name: string;
  address: Hex;
  /** Name in Solidity; undefined for code that others compiled. */
  contract: string | undefined;
  /** As its constructor takes them; structs are arrays. */
  constructorArguments: unknown[];
  /** The transaction that created it, where one of its own did and is known. */
  transaction: Hex | undefined;
}

interface Factory {
  readonly bytecode: string;
  readonly abi: InterfaceAbi;
}

/** The contracts that a deployment can create, by their names. */
const FACTORIES: readonly (readonly [name: string, factory: Factory])[] = Object.entries({
  AvailabilityChallenge: AvailabilityChallenge__factory,
  BlobDA: BlobDA__factory,
  CalldataDA: CalldataDA__factory,
  CommitteeDA: CommitteeDA__factory,
  DataAvailabilityCommittee: DataAvailabilityCommittee__factory,
  DisputeGame: DisputeGame__factory,
  Groth16Verifier: Groth16Verifier__factory,
  KeccakStateProof: KeccakStateProof__factory,
  L1EscrowBridge: L1EscrowBridge__factory,
  OneStepVerifier: OneStepVerifier__factory,
  PoseidonStateProof: PoseidonStateProof__factory,
  ProofEvidence: ProofEvidence__factory,
  SequencerRegistry: SequencerRegistry__factory,
  StateCommitmentChain: StateCommitmentChain__factory,
  StatementDA: StatementDA__factory,
  StepEvidence: StepEvidence__factory,
  SuiteFactory: SuiteFactory__factory,
  UpgradeTimelock: UpgradeTimelock__factory,
  ValidityResolver: ValidityResolver__factory,
});

/** Every contract of a deployment: what its steps created, the proxies and their admins. */
export async function sourcesOf(deployment: Deployment, provider: Provider): Promise<readonly SourceOfContract[]> {
  const { contracts } = deployment;
  const { state, creations } = await creationsOf(deployment, provider);
  const plain = await Promise.all(
    creations.map(async ({ name, step, address, transaction }) => {
      const { data } = await step.request(state);
      const behind = (PROXY_ORDER as readonly string[]).includes(name) ? " implementation" : "";
      const known = transaction === ZERO_HASH ? undefined : transaction;
      return { name: `${name}${behind}`, address, transaction: known, ...sourceOf(data) };
    }),
  );
  const { data } = await proxiesStep.request(state);
  const [implementations, initData, , timelock] = SuiteFactory__factory.createInterface()
    .decodeFunctionData("createProxies", data)
    .toArray(true) as [string[], string[], bigint[], string];
  const proxies = PROXY_ORDER.flatMap((name, index) => {
    const { address, proxyAdmin } = contracts[name];
    const proxy = {
      ...{ name: `${name} proxy`, address, contract: "TransparentUpgradeableProxy", transaction: undefined },
      constructorArguments: [implementations[index], timelock, initData[index]],
    };
    if (proxyAdmin === undefined) return [proxy];
    const admin = { ...proxy, name: `${name} proxy's admin`, address: proxyAdmin, contract: "ProxyAdmin" };
    return [proxy, { ...admin, constructorArguments: [timelock] }];
  });
  return [...plain, ...proxies];
}

/** Whose creation this is, and with which arguments. */
function sourceOf(creation: string): Pick<SourceOfContract, "contract" | "constructorArguments"> {
  const found = FACTORIES.find(([, { bytecode }]) => creation.startsWith(bytecode));
  if (found === undefined) return { contract: undefined, constructorArguments: [] };
  const [contract, { bytecode, abi }] = found;
  const { inputs } = new Interface(abi).deploy;
  const encoded = dataSlice(creation, dataLength(bytecode));
  return { contract, constructorArguments: AbiCoder.defaultAbiCoder().decode(inputs, encoded).toArray(true) };
}
