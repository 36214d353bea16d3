// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {ChannelParams} from "../ChannelParams.sol";
import {AppState} from "../IForceMoveApp.sol";
import {AssetOutcome} from "../Outcome.sol";
import {ConditionalPaymentApp} from "./ConditionalPaymentApp.sol";

/// @notice With which hash function a payment is locked.
enum HashAlgorithm {
    Keccak256,
    Sha256
}

/// @title HashTimeLockApp
/// @notice A payment of one or more assets, all or none, against the preimage of a hash. Before the deadline the payee claims
/// with the preimage; from the deadline on the payer ends the channel with what it had. The state in which the payment is locked
/// is signed by everybody; its outcome is what holds where nobody claims.
/// @dev App data of the locked state: four or more words, which are the algorithm (0 keccak256, 1 sha256), the hash, the deadline
/// (L1 time in seconds) and the amount of each asset of the outcome, in its order. Of a claim: the preimage, 32 bytes. Of a
/// refund: none. Both end the channel.
///
/// Invariants:
/// 1. At any time at most one of claim and refund is allowed: a claim before the deadline, a refund from it on.
/// 2. A claim moves exactly the locked amounts, a refund nothing, and nothing follows either.
/// 3. A preimage is 32 bytes: it fits wherever else the same hash locks a payment.
///
/// Not in this app's power: a challenge to the locked state that times out ends the channel as well, also before the deadline.
/// Who forwards a payment takes it in a channel whose challengeDuration, as its deadline, exceeds that of the channel in which
/// it pays, and answers a challenge there by one here.
contract HashTimeLockApp is ConditionalPaymentApp {
    /* CONSTANTS */

    uint256 private constant WORD = 32;
    uint256 private constant HASH_AT = 32;
    uint256 private constant DEADLINE_AT = 64;
    uint256 private constant AMOUNTS_AT = 96;

    /// @notice App data of the locked state are `expected` bytes long.
    error HashTimeLockTerms(uint256 expected, uint256 found);
    /// @notice The algorithm is 0 (keccak256) or 1 (sha256).
    error HashTimeLockAlgorithm(uint256 found);
    /// @notice App data are a preimage of 32 bytes, or for a refund empty.
    error HashTimeLockPreimageLength(uint256 found);
    /// @notice The preimage has another hash.
    error HashTimeLockPreimage(bytes32 expected, bytes32 found);
    /// @notice The time to claim is over.
    error HashTimeLockExpired(uint256 deadline, uint256 time);
    /// @notice The payer waits until the deadline.
    error HashTimeLockNotExpired(uint256 deadline, uint256 time);
    /// @notice Claim and refund end the channel.
    error HashTimeLockNotFinal();

    /* INTERNAL */

    /// @inheritdoc ConditionalPaymentApp
    function _settle(
        bytes32,
        ChannelParams calldata params,
        AppState calldata base,
        AppState calldata next,
        AssetOutcome[] memory outcome
    ) internal view override returns (uint256 signer) {
        if (!next.isFinal) revert HashTimeLockNotFinal();
        bytes calldata terms = base.appData;
        uint256 length = AMOUNTS_AT + WORD * outcome.length;
        if (terms.length != length) revert HashTimeLockTerms(length, terms.length);
        uint256 deadline = uint256(bytes32(terms[DEADLINE_AT:]));

        if (next.appData.length == 0) {
            if (block.timestamp < deadline) revert HashTimeLockNotExpired(deadline, block.timestamp);
            return PAYER;
        }
        if (block.timestamp >= deadline) revert HashTimeLockExpired(deadline, block.timestamp);
        _requirePreimage(terms, next.appData);
        for (uint256 i = 0; i < outcome.length; ++i) {
            _pay(outcome[i], uint256(bytes32(terms[AMOUNTS_AT + WORD * i:])));
        }
        return _payee(params);
    }

    function _requirePreimage(bytes calldata terms, bytes calldata preimage) private pure {
        if (preimage.length != WORD) revert HashTimeLockPreimageLength(preimage.length);
        uint256 algorithm = uint256(bytes32(terms));
        if (algorithm > uint256(type(HashAlgorithm).max)) revert HashTimeLockAlgorithm(algorithm);
        bytes32 found = algorithm == uint256(HashAlgorithm.Sha256) ? sha256(preimage) : keccak256(preimage);
        bytes32 expected = bytes32(terms[HASH_AT:]);
        if (found != expected) revert HashTimeLockPreimage(expected, found);
    }
}
