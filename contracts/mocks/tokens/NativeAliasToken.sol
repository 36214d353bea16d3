// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ForcePayment} from "../ForcePayment.sol";
import {MockERC20} from "./MockERC20.sol";

/// @notice The native currency under an ERC-20's address: what it moves is ETH, which the recipient cannot refuse.
contract NativeAliasToken is MockERC20 {
    receive() external payable {}

    function _move(address from, address to, uint256 amount) internal override {
        super._move(from, to, amount);
        new ForcePayment{value: amount}(payable(to));
    }
}
