// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice What a recipient of ETH does when it is paid.
enum Manner {
    Accept,
    Reject,
    BurnGas,
    ReturnBomb,
    Reenter
}

/// @notice A recipient of ETH with manners to choose from.
contract MockRecipient {
    Manner public manner;
    address public callee;
    bytes public callData;
    uint256 public burnt;
    bytes public lastAnswer;

    error MockRejected();

    receive() external payable {
        if (manner == Manner.Reject) revert MockRejected();
        while (manner == Manner.BurnGas) ++burnt;
        if (manner == Manner.ReturnBomb) {
            assembly ("memory-safe") {
                revert(0x00, 200000)
            }
        }
        if (manner == Manner.Reenter) {
            (, lastAnswer) = callee.call(callData);
        }
    }

    function setManner(Manner manner_) external {
        manner = manner_;
    }

    function setCall(address callee_, bytes calldata callData_) external {
        (manner, callee, callData) = (Manner.Reenter, callee_, callData_);
    }

    /// @notice Lets the recipient act by itself.
    function execute(address to, bytes calldata data) external payable {
        (bool success, bytes memory answer) = to.call{value: msg.value}(data);
        if (success) return;
        assembly ("memory-safe") {
            revert(add(answer, 0x20), mload(answer))
        }
    }
}
