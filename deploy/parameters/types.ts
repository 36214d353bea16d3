import type { Hex, RollupParameters } from "../../plugin/types.js";

/**
 * A parameter as people write it: times as seconds or `"7d"`, amounts as wei or `"1.5 ether"`, accounts and members as a list,
 * or in one string with commas, of `0x…`; accounts with roles also as `safe:0x…`, members as `0x…=http://…`.
 */
export type ParameterInput = string | number | bigint | readonly string[];

/** What a parameter file, the flags or the Hardhat config may hold. */
export type RollupParametersInput = { [Key in keyof RollupParameters]?: ParameterInput };

/** Where defaults come from: chains whose time can be moved, public test networks, and everything that is worth something. */
export type Preset = "dev" | "sepolia" | "mainnet";

/** What validation has to know about the place of the deployment. */
export interface ParameterContext {
  preset: Preset;
  l1ChainId: bigint;
  /** Becomes guardian and upgrader where none is named. */
  deployer: Hex;
}

export interface ParameterIssue {
  parameter: string;
  /** One line: what was wrong, what would be right. */
  message: string;
}

/** The parameters do not hold; `issues` names each fault. */
export class ParameterError extends Error {
  constructor(readonly issues: ParameterIssue[]) {
    super(issues.map(({ parameter, message }) => `${parameter}: ${message}`).join("\n"));
    this.name = "ParameterError";
  }
}
