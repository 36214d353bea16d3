// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {MockERC20} from "./MockERC20.sol";

/// @notice Has no permit, but a fallback that swallows every call, as wrapped ether has.
contract PhantomPermitToken is MockERC20 {
    uint256 public swallowed;

    fallback() external {
        ++swallowed;
    }
}
