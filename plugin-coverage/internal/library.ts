/** Solidity that instrumented conditions call, on top of the library through which Hardhat's instrumented statements reach EDR. */
export const LIBRARY_NAME = "__BranchCoverage";
export const LIBRARY_FILE = "__BranchCoverage-0e5d5c5a-7b0e-4a8e-9d0c-6f1f0c2f8b1e.sol";

const HARDHAT_LIBRARY = "__NomicFoundationCoverage";

/** The library of Hardhat's coverage is not where this version of the plugin looks for it. */
export class HardhatLibraryError extends Error {
  constructor(readonly sources: readonly string[]) {
    super(`no ${HARDHAT_LIBRARY} among the compiler's input: this version of the plugin is for Hardhat 3.17`);
    this.name = "HardhatLibraryError";
  }
}

/** @param sources Names of the compiler's input. */
export function librarySource(sources: readonly string[]): string {
  const hardhat = sources.find((name) => name.startsWith(HARDHAT_LIBRARY));
  if (hardhat === undefined) throw new HardhatLibraryError(sources);
  return `// SPDX-License-Identifier: MIT
pragma solidity >=0.7.0 <0.9.0;

import {${HARDHAT_LIBRARY}} from "${hardhat}";

library ${LIBRARY_NAME} {
    function condition(bool outcome, uint256 tag) internal pure returns (bool) {
        ${HARDHAT_LIBRARY}.sendHit(outcome ? tag : tag + 1);
        return outcome;
    }

    function clause(uint256 tag) internal pure {
        ${HARDHAT_LIBRARY}.sendHit(tag);
    }
}
`;
}
