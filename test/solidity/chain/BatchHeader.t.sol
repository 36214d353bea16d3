// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Test} from "forge-std/Test.sol";
import {BatchHeader} from "../../../contracts/libraries/BatchHeader.sol";

/// @notice The two ways to hash a header, held against plain ABI encoding.
contract BatchHeaderTest is Test {
    function hashCalldata(BatchHeader calldata header) external pure returns (bytes32) {
        return header.hashCalldata();
    }

    function testFuzz_bothHashesAreThatOfTheFifteenAbiWords(BatchHeader memory header) public view {
        bytes memory encoded = abi.encode(header);
        assertEq(encoded.length, 15 * 32);
        assertEq(header.hash(), keccak256(encoded));
        assertEq(this.hashCalldata(header), keccak256(encoded));
    }

    function testFuzz_hashInCalldataLeavesMemoryAlone(BatchHeader calldata header, bytes32 marker) public pure {
        bytes32[] memory before = new bytes32[](2);
        (before[0], before[1]) = (marker, ~marker);
        header.hashCalldata();
        bytes32[] memory afterwards = new bytes32[](2);
        assertEq(before[0], marker);
        assertEq(before[1], ~marker);
        assertEq(afterwards[0], 0);
        assertEq(afterwards[1], 0);
    }

    /// @notice Dirty upper bits make another hash or are refused; they never pass for the clean header.
    function testFuzz_dirtyUpperBitsNeverPassForTheHeader(
        BatchHeader memory header,
        uint256 field,
        uint256 bit
    ) public {
        // The first seven words are 64-bit integers.
        field = bound(field, 0, 6);
        bit = bound(bit, 64, 255);
        bytes memory call = abi.encodeCall(this.hashCalldata, (header));
        call[4 + 32 * field + 31 - bit / 8] ^= bytes1(uint8(1 << (bit % 8)));

        (bool success, bytes memory result) = address(this).call(call);
        if (success) assertNotEq(abi.decode(result, (bytes32)), header.hash());
    }
}
