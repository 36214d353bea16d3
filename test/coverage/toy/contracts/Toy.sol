// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Rules} from "./Rules.sol";

error Odd(uint256 value);

contract Toy {
    bool private constant STRICT = true && !false;

    uint256 public total;
    uint256 private immutable _limit = STRICT ? 10 : 20;

    modifier nonZero(uint256 value) {
        require(value != 0, "zero");
        _;
    }

    function add(uint256 value) external nonZero(value) {
        if (value > _limit && value != 99) total += 1;
        else if (value % 2 == 1) revert Odd(value);
        total += Rules.isSmall(value) ? value : 2 * value;
        assert(total != 0);
    }

    function both(bool a, bool b, bool c) external pure returns (bool) {
        return a && (b || c);
    }

    function probe(uint256 value) external returns (string memory) {
        try this.add(value) {
            return "added";
        } catch Error(string memory reason) {
            return reason;
        } catch {}
        return "refused";
    }

    function nobodyCalls(uint256 value) external pure returns (uint256) {
        if (value == 1) return 2;
        return value;
    }

    function lowLevel(uint256 value) external pure returns (uint256 result) {
        assembly ("memory-safe") {
            if gt(value, 1) {
                result := 7
            }
            switch value
            case 5 {
                result := 8
            }
            default {}
        }
    }

    function behindAllocated(uint256 value) external pure returns (uint256 result) {
        uint256 at;
        assembly ("memory-safe") {
            at := mload(0x40)
            mstore(at, value)
        }
        if (value > 1) result = 1;
        assembly ("memory-safe") {
            result := add(result, mload(at))
        }
    }
}
