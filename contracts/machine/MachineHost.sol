// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {MachineMemory, StepMemory} from "./MachineMemory.sol";
import {WitnessReader, Witness} from "./WitnessReader.sol";

/// @title MachineHost
/// @notice What the host calls of docs/machine.md §3.2 compute, each with its check on chain.
/// @dev INVARIANT: no failure of a precompile is ever a result. One that runs out of gas, or is missing on this chain,
/// reverts the step; so does a witness whose preimage or blob element is another.
library MachineHost {
    using MachineMemory for StepMemory;
    using WitnessReader for Witness;

    /// @notice What the witness shows is not the preimage of `hash`.
    error MachineHostWrongPreimage(bytes32 hash);
    /// @notice A precompile failed: too little gas, or, for a blob, a wrong proof.
    error MachineHostPrecompileFailed(address precompile);

    uint256 internal constant INPUT = 0;
    uint256 internal constant OUTPUT = 1;
    uint256 internal constant KECCAK256 = 2;
    uint256 internal constant SHA256 = 3;
    uint256 internal constant ECRECOVER = 4;
    uint256 internal constant PREIMAGE = 5;
    uint256 internal constant BLOB = 6;

    /// @notice Field elements of a blob.
    uint256 internal constant BLOB_ELEMENTS = 4096;

    address private constant ECRECOVER_PRECOMPILE = address(1);
    address private constant SHA256_PRECOMPILE = address(2);
    address private constant POINT_EVALUATION_PRECOMPILE = address(10);

    /// @dev A wrong proof burns all gas it is given. The precompile takes 50,000; the rest is room for a repricing.
    uint256 private constant POINT_EVALUATION_GAS = 500_000;
    /// @dev Order of the BLS12-381 scalar field, and its 4,096th root of unity of EIP-4844: 7^((r - 1) / 4096).
    uint256 private constant MODULUS = 0x73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001;
    uint256 private constant ROOT_OF_UNITY = 0x564c0a11a0f704f4fc3e8acfe0f8245f0ad1347b378fbf96e206da11a5d36306;

    /// @notice Whether a host call takes a second argument.
    function isBinary(uint256 fn) internal pure returns (bool) {
        return fn == KECCAK256 || fn == SHA256 || fn >= PREIMAGE;
    }

    /// @notice The hash of `length` bytes at the begin of a host page takes the place of the first 32.
    function hashHead(StepMemory memory self, uint256 fn, uint256 page, uint256 length) internal view {
        bytes memory head = self.readHead(page, length);
        bytes32 hash;
        if (fn == SHA256) hash = _call(SHA256_PRECOMPILE, gasleft(), head, length, 32);
        else {
            assembly ("memory-safe") {
                hash := keccak256(add(head, 0x20), length)
            }
        }
        self.writeHead(hash);
    }

    /// @notice The signer takes the place of the hash that was signed; zero where there is none.
    function recover(StepMemory memory self, uint256 page) internal view {
        bytes memory head = self.readHead(page, 128);
        // Of nonsense the precompile succeeds with nothing.
        self.writeHead(_call(ECRECOVER_PRECOMPILE, gasleft(), head, 128, 0));
    }

    /// @notice Writes the part of the preimage from `offset` on, with zeros after its end.
    /// @return length Of the whole preimage.
    function preimage(StepMemory memory self, uint256 page, uint256 offset) internal pure returns (uint256 length) {
        bytes32 hash = bytes32(self.readHead(page, 32));
        length = uint256(self.witness.word());
        bytes calldata whole = self.witness.take(length);
        if (keccak256(whole) != hash) revert MachineHostWrongPreimage(hash);

        bytes memory content = new bytes(MachineMemory.HOST_PAGE);
        if (offset < length) {
            uint256 count = length - offset;
            if (count > MachineMemory.HOST_PAGE) count = MachineMemory.HOST_PAGE;
            assembly ("memory-safe") {
                calldatacopy(add(content, 0x20), add(whole.offset, offset), count)
            }
        }
        self.writePage(content);
    }

    /// @notice Field element `index` of a blob takes the place of the blob's versioned hash.
    function blob(StepMemory memory self, uint256 page, uint256 index) internal view {
        bytes memory head = self.readHead(page, 32);
        bytes calldata element = self.witness.take(128);
        bytes memory input = bytes.concat(head, _point(index), element);
        // The precompile answers with the number of elements and the modulus.
        bytes32 elements = _call(POINT_EVALUATION_PRECOMPILE, POINT_EVALUATION_GAS, input, input.length, 64);
        if (uint256(elements) != BLOB_ELEMENTS) revert MachineHostPrecompileFailed(POINT_EVALUATION_PRECOMPILE);
        self.writeHead(bytes32(element));
    }

    /// @dev Where the polynomial of a blob has its element `index`: ω to the power of the 12 bits of `index`, reversed.
    function _point(uint256 index) private pure returns (bytes32) {
        uint256 point = 1;
        uint256 power = ROOT_OF_UNITY;
        for (uint256 bit = BLOB_ELEMENTS >> 1; bit > 0; bit >>= 1) {
            if (index & bit != 0) point = mulmod(point, power, MODULUS);
            power = mulmod(power, power, MODULUS);
        }
        return bytes32(point);
    }

    /// @dev The first word of what a precompile makes of the first `length` bytes of `input`; 0 where that is empty.
    /// @param least Bytes that it must return.
    function _call(
        address precompile,
        uint256 gasLimit,
        bytes memory input,
        uint256 length,
        uint256 least
    ) private view returns (bytes32 result) {
        bool isResult;
        assembly ("memory-safe") {
            mstore(0x00, 0)
            isResult := staticcall(gasLimit, precompile, add(input, 0x20), length, 0x00, 0x20)
            isResult := and(isResult, iszero(lt(returndatasize(), least)))
            result := mload(0x00)
        }
        if (!isResult) revert MachineHostPrecompileFailed(precompile);
    }
}
