// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {MockERC20} from "./MockERC20.sol";

/// @notice Does not let the sender use transferFrom on itself.
contract TransferFromSelfToken is MockERC20 {
    error MockTransferFromSelf();

    function transferFrom(address from, address to, uint256 amount) public override returns (bool) {
        if (from == msg.sender) revert MockTransferFromSelf();
        return super.transferFrom(from, to, amount);
    }
}
