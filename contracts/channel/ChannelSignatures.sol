// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {ChannelParams} from "./ChannelParams.sol";
import {ChannelState, ChannelStateLib, SignedState} from "./ChannelState.sol";
import {IChannelAdjudicator} from "./IChannelAdjudicator.sol";

/// @title ChannelSignatures
/// @notice Who signed what: participants by their own key, or by one session key that each may register per channel.
///
/// Invariants:
/// - A signature counts for one purpose, channel, adjudicator and chain, and what it said once it says until its key expires.
/// - No contract is asked about a state: what binds others cannot be taken back.
abstract contract ChannelSignatures is IChannelAdjudicator {
    /// @dev One slot.
    struct SessionKey {
        address key;
        uint64 expiry;
    }

    /// @dev r, and s with the parity of y in its highest bit (EIP-2098).
    uint256 private constant SIGNATURE_LENGTH = 64;

    bytes32 private constant DOMAIN_TYPEHASH = keccak256(
        "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
    );
    bytes32 private constant DOMAIN_NAME = keccak256("hardhat-rollup channels");
    bytes32 private constant DOMAIN_VERSION = keccak256("1");

    /* STORAGE */

    mapping(bytes32 channelId => mapping(address participant => SessionKey session)) private _sessionKeys;

    /* FUNDING */

    /// @inheritdoc IChannelAdjudicator
    function registerSessionKey(
        ChannelParams calldata params,
        uint256 participant,
        address key,
        uint64 expiry,
        bytes calldata signature
    ) external {
        bytes32 channelId = params.id(address(this));
        address account = _participant(params, participant);
        SessionKey storage session = _sessionKeys[channelId][account];
        // INVARIANT: a key outlives a dispute that begins now, and is never replaced: others rely on it.
        uint256 least;
        // unchecked: at most 32 participants, and durations below 2^32.
        unchecked {
            least = block.timestamp + params.participants.length * params.challengeDuration;
        }
        if (key == address(0) || session.key != address(0) || expiry < least) {
            revert ChannelSessionKey(key, expiry, least);
        }

        if (msg.sender != account) {
            bytes32 structHash = keccak256(
                abi.encode(ChannelStateLib.SESSION_KEY_TYPEHASH, channelId, account, key, expiry)
            );
            if (account.code.length == 0) {
                _requireSignature(channelId, params, structHash, participant, signature);
            } else if (
                !SignatureChecker.isValidERC1271SignatureNowCalldata(account, _digestOf(structHash), signature)
            ) {
                revert ChannelSignature(participant, address(0));
            }
        }

        (session.key, session.expiry) = (key, expiry);
        emit SessionKeyRegistered(channelId, account, key, expiry);
    }

    /* VIEWS */

    /// @inheritdoc IChannelAdjudicator
    function sessionKeyOf(bytes32 channelId, address participant) external view returns (address key, uint64 expiry) {
        SessionKey storage session = _sessionKeys[channelId][participant];
        return (session.key, session.expiry);
    }

    /// @inheritdoc IChannelAdjudicator
    function stateDigest(bytes32 channelId, ChannelState calldata state) external view returns (bytes32) {
        return _digestOf(state.hash(channelId));
    }

    /* INTERNAL */

    function _participant(ChannelParams calldata params, uint256 index) internal pure returns (address) {
        if (index >= params.participants.length) revert ChannelNoParticipant(index);
        return params.participants[index];
    }

    /// @dev The bits of all participants.
    function _everybody(ChannelParams calldata params) internal pure returns (uint256) {
        return (1 << params.participants.length) - 1;
    }

    /// @dev Reverts unless everybody signed the state, whose hash it returns.
    function _requireUnanimous(
        bytes32 channelId,
        ChannelParams calldata params,
        SignedState calldata signed
    ) internal view returns (bytes32 stateHash) {
        uint256 everybody = _everybody(params);
        if (signed.signedBy != everybody) revert ChannelNotUnanimous(everybody, signed.signedBy);
        stateHash = signed.state.hash(channelId);
        _requireSignatures(channelId, params, stateHash, everybody, signed.signatures);
    }

    /// @dev Reverts unless `signatures` of the struct hash are those of the participants that the bits name.
    function _requireSignatures(
        bytes32 channelId,
        ChannelParams calldata params,
        bytes32 structHash,
        uint256 signedBy,
        bytes calldata signatures
    ) internal view {
        uint256 length = 0;
        // unchecked: there are at most 256 bits.
        unchecked {
            for (uint256 bits = signedBy; bits != 0; bits &= bits - 1) length += SIGNATURE_LENGTH;
        }
        _requireLength(signatures, length);

        bytes32 digest = _digestOf(structHash);
        uint256 offset = 0;
        for (uint256 i = 0; signedBy >> i != 0; ++i) {
            if ((signedBy >> i) & 1 == 0) continue;
            bytes calldata signature = signatures[offset:offset + SIGNATURE_LENGTH];
            _requireSigner(channelId, _participant(params, i), i, digest, signature);
            offset += SIGNATURE_LENGTH;
        }
    }

    /// @dev Reverts unless the struct hash was signed by this one participant.
    function _requireSignature(
        bytes32 channelId,
        ChannelParams calldata params,
        bytes32 structHash,
        uint256 participant,
        bytes calldata signature
    ) internal view {
        _requireSignatures(channelId, params, structHash, 1 << participant, signature);
    }

    /* PRIVATE */

    /// @dev EIP-712 digest. The domain is hashed each time, so that it follows a chain that splits.
    function _digestOf(bytes32 structHash) private view returns (bytes32) {
        bytes32 domain = keccak256(
            abi.encode(DOMAIN_TYPEHASH, DOMAIN_NAME, DOMAIN_VERSION, block.chainid, address(this))
        );
        return MessageHashUtils.toTypedDataHash(domain, structHash);
    }

    function _requireLength(bytes calldata signatures, uint256 length) private pure {
        if (signatures.length != length) revert ChannelSignaturesLength(length, signatures.length);
    }

    /// @dev Reverts unless a signature of 64 bytes is one of the participant, or of its session key.
    function _requireSigner(
        bytes32 channelId,
        address participant,
        uint256 index,
        bytes32 digest,
        bytes calldata signature
    ) private view {
        (address recovered, , ) = ECDSA.tryRecover(digest, bytes32(signature[:32]), bytes32(signature[32:]));
        if (recovered == participant) return;
        SessionKey storage session = _sessionKeys[channelId][participant];
        if (recovered == address(0) || recovered != session.key || block.timestamp > session.expiry) {
            revert ChannelSignature(index, recovered);
        }
    }
}
