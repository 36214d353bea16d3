// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice A byte string in calldata that is read from the front to the back.
/// @param at Where in calldata the next byte stands.
/// @param end Where the byte after the last one would stand.
struct Witness {
    uint256 at;
    uint256 end;
}

/// @title WitnessReader
/// @notice Reads a witness straight from calldata: nothing is copied but what the step needs.
library WitnessReader {
    /// @notice The witness lacks that many bytes.
    error WitnessReaderTooShort(uint256 missing);
    /// @notice The witness goes on after its end.
    error WitnessReaderTooLong(uint256 excess);

    /// @notice Begins to read `data`.
    function open(bytes calldata data) internal pure returns (Witness memory witness) {
        uint256 at;
        assembly ("memory-safe") {
            at := data.offset
        }
        witness.at = at;
        witness.end = at + data.length;
    }

    /// @notice The next word.
    function word(Witness memory self) internal pure returns (bytes32 value) {
        uint256 at = _skip(self, 32);
        assembly ("memory-safe") {
            value := calldataload(at)
        }
    }

    /// @notice The next `length` bytes.
    function take(Witness memory self, uint256 length) internal pure returns (bytes calldata data) {
        uint256 at = _skip(self, length);
        assembly ("memory-safe") {
            data.offset := at
            data.length := length
        }
    }

    /// @notice Everything was read.
    function close(Witness memory self) internal pure {
        if (self.at != self.end) revert WitnessReaderTooLong(self.end - self.at);
    }

    function _skip(Witness memory self, uint256 length) private pure returns (uint256 at) {
        at = self.at;
        uint256 left = self.end - at;
        if (length > left) revert WitnessReaderTooShort(length - left);
        self.at = at + length;
    }
}
