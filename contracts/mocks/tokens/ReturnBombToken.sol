// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {MockERC20} from "./MockERC20.sol";

/// @notice Answers a transfer, or refuses it, with 200 kB of nothing.
contract ReturnBombToken is MockERC20 {
    bool public refusing;

    function setRefusing(bool refusing_) external {
        refusing = refusing_;
    }

    function transfer(address to, uint256 amount) public override returns (bool) {
        bool refuse = refusing;
        if (!refuse) super.transfer(to, amount);
        assembly ("memory-safe") {
            if refuse {
                revert(0x00, 200000)
            }
            return(0x00, 200000)
        }
    }
}
