// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {LowLevelCall} from "@openzeppelin/contracts/utils/LowLevelCall.sol";

/// @title TokenTransfer
/// @notice Moves ETH and any ERC-20 in and out of the calling contract, judged by the caller's own balance alone:
/// what a token returns is never believed, nor copied.
/// @dev Every function must run inside the caller's reentrancy lock. The token zero is ETH.
library TokenTransfer {
    /// @notice Gas of a payment in ETH.
    uint256 internal constant ETH_PAYMENT_GAS = 100_000;
    /// @notice Gas of a payment in an ERC-20.
    uint256 internal constant ERC20_PAYMENT_GAS = 300_000;
    /// @dev Dearest overhead of a call: cold account, value, new account (EIP-2929, EIP-161), and the code before it.
    uint256 private constant CALL_OVERHEAD = 45_000;
    /// @dev Gas of a question to a token's proxy.
    uint256 private constant PROBE_GAS = 30_000;

    /// @notice `token` does not answer `balanceOf`.
    error TokenTransferBalanceUnreadable(address token);
    /// @notice `token` refused the transfer without a reason.
    error TokenTransferRefused(address token);
    /// @notice `token` moves the native currency: it is ETH under another name.
    error TokenTransferNativeAlias(address token);
    /// @notice A payment would have debited `debited`, above `amount`.
    error TokenTransferOverdebit(address token, uint256 amount, uint256 debited);
    /// @notice The call must carry at least `needed` gas at this point.
    error TokenTransferGas(uint256 available, uint256 needed);

    /// @notice Pulls `amount` of the ERC-20 `token` from `from`.
    /// @return received What arrived of it, by the balance; at most `amount`.
    function pull(address token, address from, uint256 amount) internal returns (uint256 received) {
        uint256 nativeBefore = address(this).balance;
        uint256 balanceBefore = balanceOfThis(token);

        if (!LowLevelCall.callNoReturn(token, abi.encodeCall(IERC20.transferFrom, (from, address(this), amount)))) {
            if (LowLevelCall.returnDataSize() == 0) revert TokenTransferRefused(token);
            LowLevelCall.bubbleRevert();
        }

        if (address(this).balance != nativeBefore) revert TokenTransferNativeAlias(token);
        uint256 balanceAfter = balanceOfThis(token);
        if (balanceAfter <= balanceBefore) return 0;
        // unchecked: compared in the line above.
        unchecked {
            received = balanceAfter - balanceBefore;
        }
        if (received > amount) received = amount;
    }

    /// @notice Pays `amount`, not zero, to `to` with the fixed gas above; the result is a verdict on the payment,
    /// never on the gas that the transaction brought.
    /// @return paid By how much the balance fell; `amount` or less.
    function payCapped(address token, address to, uint256 amount) internal returns (uint256 paid) {
        uint256 cap = token == address(0) ? ETH_PAYMENT_GAS : ERC20_PAYMENT_GAS;
        // The balance is read before the check, so that it warms the token and spends its gas first.
        uint256 balanceBefore = token == address(0) ? 0 : balanceOfThis(token);
        requireGas(cap);
        return _pay(token, to, amount, cap, balanceBefore);
    }

    /// @notice Pays as much of `amount`, not zero, as the token allows, with all gas there is.
    /// @return paid By how much the balance fell; `amount` or less.
    function pay(address token, address to, uint256 amount) internal returns (uint256 paid) {
        uint256 balanceBefore = token == address(0) ? 0 : balanceOfThis(token);
        return _pay(token, to, amount, gasleft(), balanceBefore);
    }

    /// @notice Asks `token` to accept an ERC-2612 permit of `owner`. Success means nothing: a permit may have been
    /// used already, and a fallback may swallow it. Only the allowance counts, which `pull` meets.
    function tryPermit(
        address token,
        address owner,
        uint256 amount,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) internal {
        LowLevelCall.callNoReturn(
            token,
            abi.encodeCall(IERC20Permit.permit, (owner, address(this), amount, deadline, v, r, s))
        );
    }

    /// @notice The caller's balance of an ERC-20; reverts when it cannot be read.
    function balanceOfThis(address token) internal view returns (uint256) {
        (bool success, bytes32 balance, ) = LowLevelCall.staticcallReturn64Bytes(
            token,
            abi.encodeCall(IERC20.balanceOf, (address(this)))
        );
        if (!success || LowLevelCall.returnDataSize() < 32) revert TokenTransferBalanceUnreadable(token);
        return uint256(balance);
    }

    /// @notice What `token` answers to `implementation()`; zero when it does not answer with an address.
    /// @dev With too little gas it answers zero as well: see requireProbeGas.
    function implementationOf(address token) internal view returns (address) {
        bytes memory question = abi.encodeWithSignature("implementation()");
        uint256 answer;
        bool answered;
        // Scratch space takes the one word that is read.
        assembly ("memory-safe") {
            answered := staticcall(PROBE_GAS, token, add(question, 0x20), mload(question), 0x00, 0x20)
            answered := and(answered, eq(returndatasize(), 0x20))
            answer := mload(0x00)
        }
        return answered && answer <= type(uint160).max ? address(uint160(answer)) : address(0);
    }

    /// @notice Reverts unless `implementationOf` has the gas for a true answer.
    function requireProbeGas() internal view {
        requireGas(PROBE_GAS);
    }

    /// @notice Reverts unless a call started now can be given `cap` gas (EIP-150 keeps back a 64th).
    function requireGas(uint256 cap) internal view {
        uint256 needed = (cap * 64) / 63 + CALL_OVERHEAD;
        uint256 available = gasleft();
        if (available < needed) revert TokenTransferGas(available, needed);
    }

    function _pay(
        address token,
        address to,
        uint256 amount,
        uint256 gasLimit,
        uint256 balanceBefore
    ) private returns (uint256 paid) {
        if (token == address(0)) return _call(to, amount, gasLimit, "") ? amount : 0;

        _call(token, 0, gasLimit, abi.encodeCall(IERC20.transfer, (to, amount)));
        uint256 balanceAfter = balanceOfThis(token);
        if (balanceAfter >= balanceBefore) return 0;
        // unchecked: compared in the line above.
        unchecked {
            paid = balanceBefore - balanceAfter;
        }
        // INVARIANT: one payment never costs the other holders of the token more than its amount.
        if (paid > amount) revert TokenTransferOverdebit(token, amount, paid);
    }

    /// @dev Copies no return data, whose size the callee chooses.
    function _call(address to, uint256 value, uint256 gasLimit, bytes memory data) private returns (bool success) {
        assembly ("memory-safe") {
            success := call(gasLimit, to, value, add(data, 0x20), mload(data), 0x00, 0x00)
        }
    }
}
