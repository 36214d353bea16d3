import type { ContractDeployTransaction } from "ethers";

import type { Hex } from "../plugin/types.js";
import type { StepRequest } from "./runner.js";

/** The step request of a contract creation, from a TypeChain factory's `getDeployTransaction`. */
export async function creation(transaction: Promise<ContractDeployTransaction>): Promise<StepRequest> {
  return { data: (await transaction).data as Hex };
}
