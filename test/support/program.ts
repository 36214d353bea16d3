import { AbiCoder, keccak256 } from "ethers";

import type { Hex, MachineProgram } from "../../plugin/types.js";

const parts = {
  codeRoot: `0x${"c0".repeat(32)}`,
  memoryRoot0: `0x${"3e".repeat(32)}`,
  entryPc: 7,
  pages: 1,
  maxPages: 16,
  version: 1,
} as const;

/** A program that nobody executes: what a deployment binds, and nothing behind it. */
export const SOME_PROGRAM: MachineProgram = {
  ...parts,
  machineHash: keccak256(
    AbiCoder.defaultAbiCoder().encode(
      ["bytes32", "bytes32", "uint32", "uint32", "uint32", "uint32"],
      [parts.codeRoot, parts.memoryRoot0, parts.entryPc, parts.pages, parts.maxPages, parts.version],
    ),
  ) as Hex,
};
