// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {LedgerStatement} from "../../../contracts/validity/LedgerStatement.sol";
import {Test} from "forge-std/Test.sol";

/// @notice The assembly of LedgerStatement against the same in plain Solidity, and what it costs.
contract LedgerStatementTest is Test {
    uint256 private constant ORDER = LedgerStatement.FIELD_ORDER;

    function inputsOf(uint256[] memory elements, uint256 h) external pure returns (uint256 r, uint256 y) {
        return LedgerStatement.inputsOf(elements, h);
    }

    function pushTransfers(
        bytes calldata data,
        uint256 at,
        uint256 transfers,
        uint256 before
    ) external pure returns (uint256[] memory elements) {
        elements = new uint256[](before + (transfers + 1) / 2);
        uint256 count = LedgerStatement.pushTransfers(elements, before, data, at, transfers);
        assertEq(count, elements.length);
    }

    /// @notice Gas of reading `transfers` and of their part in r and y.
    function gasOf(bytes calldata data, uint256 transfers) external view returns (uint256) {
        uint256 gas = gasleft();
        uint256[] memory elements = new uint256[](transfers / 2 + 1);
        LedgerStatement.pushTransfers(elements, 0, data, 0, transfers);
        LedgerStatement.inputsOf(elements, 1);
        return gas - gasleft();
    }

    /// @notice r and y of any number of elements.
    function testFuzz_inputsAreThoseOfTheFormula(uint256 seed, uint8 size, uint256 h) public view {
        uint256 count = bound(size, 0, 40);
        h = bound(h, 0, ORDER - 1);
        uint256[] memory elements = new uint256[](count + 1);
        for (uint256 i = 0; i < count; ++i) elements[i] = uint256(keccak256(abi.encode(seed, i))) % ORDER;
        (uint256 r, uint256 y) = this.inputsOf(elements, h);

        elements[count] = h;
        assertEq(r, uint256(keccak256(abi.encodePacked(elements))) % ORDER);
        uint256 sum;
        uint256 power = 1;
        for (uint256 i = count; i > 0; --i) {
            sum = addmod(sum, mulmod(elements[i - 1], power, ORDER), ORDER);
            power = mulmod(power, r, ORDER);
        }
        assertEq(y, sum);
    }

    /// @notice An element that is not below the order is refused wherever it stands, h too.
    function testFuzz_largeElementsAreRefused(uint8 size, uint8 place, uint256 value) public {
        uint256 count = bound(size, 0, 40);
        uint256 position = bound(place, 0, count);
        value = bound(value, ORDER, type(uint256).max);
        uint256[] memory elements = new uint256[](count + 1);
        uint256 h;
        if (position == count) h = value;
        else elements[position] = value;
        vm.expectRevert(abi.encodeWithSelector(LedgerStatement.LedgerStatementElement.selector, position, value));
        this.inputsOf(elements, h);
    }

    /// @notice Pairs of transfers, wherever they stand, and nothing of what lies behind them.
    function testFuzz_transfersArePaired(uint256 seed, uint8 many, uint8 place, uint8 held) public view {
        (uint256 transfers, uint256 at, uint256 before) = (bound(many, 0, 40), bound(place, 0, 50), bound(held, 0, 3));
        bytes memory data = new bytes(at + transfers * 14 + 50);
        for (uint256 i = 0; i < data.length; ++i) data[i] = bytes1(uint8(uint256(keccak256(abi.encode(seed, i)))));
        uint256[] memory elements = this.pushTransfers(data, at, transfers, before);
        for (uint256 i = 0; i < before; ++i) assertEq(elements[i], 0);
        for (uint256 i = 0; i < (transfers + 1) / 2; ++i) {
            uint256 pair;
            for (uint256 j = 0; j < 28; ++j) {
                bool isThere = i * 28 + j < transfers * 14;
                pair = (pair << 8) | (isThere ? uint8(data[at + i * 28 + j]) : 0);
            }
            assertEq(elements[before + i], pair);
        }
    }

    /// @notice At most 140 gas for an element of two transfers, keccak256 and memory included.
    function test_anElementCostsAtMost140Gas() public view {
        uint256 few = this.gasOf(new bytes(14 * 64), 64);
        uint256 many = this.gasOf(new bytes(14 * 576), 576);
        assertLe((many - few) / 256, 140);
        assertGe((many - few) / 256, 40);
    }
}
