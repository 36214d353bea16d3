/** Solidity that instrumented conditions call, on top of the library through which Hardhat's instrumented statements reach EDR. */
export const LIBRARY_NAME = "__BranchCoverage";
export const LIBRARY_FILE = "__BranchCoverage-0e5d5c5a-7b0e-4a8e-9d0c-6f1f0c2f8b1e.sol";

const HARDHAT_LIBRARY = "__NomicFoundationCoverage";
/** A call to it is how EDR hears of what ran. */
const EDR_ADDRESS = "0xc0bEc0BEc0BeC0bEC0beC0bEC0bEC0beC0beC0BE";

/** The library of Hardhat's coverage is not where this version of the plugin looks for it. */
export class HardhatLibraryError extends Error {
  constructor(readonly sources: readonly string[]) {
    super(`no ${HARDHAT_LIBRARY} among the compiler's input: this version of the plugin is for Hardhat 3.17`);
    this.name = "HardhatLibraryError";
  }
}

/**
 * What the compiler gets besides the project's sources: the library above, and Hardhat's own, changed in one thing. Hardhat's writes to the free
 * memory behind what is allocated and leaves that there, which breaks contracts that hold something there from one statement to the next.
 *
 * @param names Of the compiler's input.
 * @returns Sources by name.
 */
export function librarySources(names: readonly string[]): Record<string, { content: string }> {
  const hardhat = names.find((name) => name.startsWith(HARDHAT_LIBRARY));
  if (hardhat === undefined) throw new HardhatLibraryError(names);
  return {
    [hardhat]: {
      content: `// SPDX-License-Identifier: MIT
pragma solidity >=0.6.0 <0.9.0;

library ${HARDHAT_LIBRARY} {
    function _send(uint256 tag) private view {
        /// @solidity memory-safe-assembly
        assembly {
            let at := mload(0x40)
            let held := mload(at)
            mstore(at, tag)
            pop(staticcall(gas(), ${EDR_ADDRESS}, at, 0x20, 0, 0))
            mstore(at, held)
        }
    }

    function _pure(function(uint256) internal view from) private pure returns (function(uint256) internal pure to) {
        assembly {
            to := from
        }
    }

    function sendHit(uint256 tag) internal pure {
        _pure(_send)(tag);
    }
}
`,
    },
    [LIBRARY_FILE]: {
      content: `// SPDX-License-Identifier: MIT
pragma solidity >=0.6.0 <0.9.0;

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
`,
    },
  };
}
