// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {Bls12381} from "../libraries/Bls12381.sol";
import {StoredCode} from "../libraries/StoredCode.sol";
import {Attestation, AttestationScheme, IDataAvailabilityCommittee} from "./IDataAvailabilityCommittee.sol";
import {KeyList} from "./KeyList.sol";
import {MemberList} from "./MemberList.sol";

/// @title DataAvailabilityCommittee
/// @notice Who attests that batch data are available, by epochs. Not upgradeable; its members change with the notice that
/// every upgrade has.
/// @dev Invariants:
/// 1. Every epoch has 1 to MAX_MEMBERS members, ascending, and a threshold above half of them: any two sets of signers
///    of one epoch share a member, so an honest majority never attests two data for one batch.
/// 2. Only the upgrade timelock begins an epoch, and nothing ends one but the beginning of the next and OVERLAP after it:
///    at every time the newest epoch attests.
/// 3. Members, threshold and scheme of an epoch never change.
/// 4. A bit of `signers` counts once, for a member who signed: by ECDSA with a signature of its own, by BLS because every
///    key of an epoch was proven (IBlsKeys), so that none is made of others'.
/// 5. The code follows from the parameters alone: it can be told from any other by a simulated creation.
contract DataAvailabilityCommittee is IDataAvailabilityCommittee {
    using MemberList for bytes;

    /// @notice Neighbours and the first epoch.
    /// @param timelock Changes members.
    /// @param bridge Stands in every attestation.
    /// @param keys Where members prove their keys of BLS; zero for a committee whose epochs are all by ECDSA.
    /// @param overlap How long an epoch attests after the next began, in seconds.
    /// @param members Of the first epoch, in ascending order.
    /// @param threshold Of the first epoch.
    /// @param scheme Of the first epoch.
    struct Parameters {
        address timelock;
        address bridge;
        address keys;
        uint64 overlap;
        address[] members;
        uint256 threshold;
        AttestationScheme scheme;
    }

    /// @param list Where the members are: a MemberList, by BLS a KeyList.
    /// @param attestsUntil L1 time in seconds.
    struct Epoch {
        address list;
        uint64 attestsUntil;
        uint16 threshold;
        AttestationScheme scheme;
    }

    /* IMMUTABLES AND CONSTANTS */

    /// @notice One bit of a word for each.
    uint256 public constant MAX_MEMBERS = 256;
    /// @notice By BLS: their keys fill the code of a contract.
    uint256 public constant MAX_BLS_MEMBERS = KeyList.MAX;
    /// @notice Tells signatures of attestations by BLS from those of anything else.
    bytes public constant SIGNATURE_DST = "BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_POP_";

    bytes32 private constant DOMAIN_TYPEHASH = keccak256(
        "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
    );
    bytes32 private constant DOMAIN_NAME_HASH = keccak256("hardhat-rollup committee");
    bytes32 private constant DOMAIN_VERSION_HASH = keccak256("1");
    bytes32 private constant ATTESTATION_TYPEHASH = keccak256(
        "Attestation(address bridge,uint64 epoch,uint64 batchIndex,bytes32 dataHash,uint64 length,uint64 expiry)"
    );
    uint256 private constant SIGNATURE_LENGTH = 64;
    /// @dev Of secp256k1, rounded down.
    uint256 private constant HALF_CURVE_ORDER = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0;
    /// @dev All bits of the second word of a signature but the highest, which is the parity of y.
    uint256 private constant S_MASK = type(uint256).max >> 1;
    /// @dev `attestsUntil` of the newest epoch.
    uint64 private constant FOREVER = type(uint64).max;

    /// @notice Changes members.
    address public immutable TIMELOCK;
    /// @notice Stands in every attestation.
    address public immutable BRIDGE;
    /// @notice Where members prove their keys of BLS.
    address public immutable KEYS;
    /// @notice How long an epoch attests after the next began, in seconds.
    uint64 public immutable OVERLAP;

    /* STORAGE */

    mapping(uint64 number => Epoch epoch) private _epochs;
    /// @inheritdoc IDataAvailabilityCommittee
    uint64 public currentEpoch;

    /* CONSTRUCTOR */

    constructor(Parameters memory p) {
        if (p.timelock == address(0)) revert CommitteeZeroParameter("timelock");
        if (p.bridge == address(0)) revert CommitteeZeroParameter("bridge");
        if (p.overlap == 0) revert CommitteeZeroParameter("overlap");
        TIMELOCK = p.timelock;
        BRIDGE = p.bridge;
        KEYS = p.keys;
        OVERLAP = p.overlap;
        _start(0, p.members, p.threshold, p.scheme, 0);
    }

    /* MEMBERS */

    /// @inheritdoc IDataAvailabilityCommittee
    function startEpoch(
        address[] calldata members,
        uint256 threshold,
        AttestationScheme scheme
    ) external returns (uint64 epoch) {
        if (msg.sender != TIMELOCK) revert CommitteeUnauthorized(msg.sender);
        uint64 last = currentEpoch;
        uint64 until = uint64(block.timestamp) + OVERLAP;
        epoch = last + 1;
        _epochs[last].attestsUntil = until;
        currentEpoch = epoch;
        _start(epoch, members, threshold, scheme, until);
    }

    /* ATTESTATIONS */

    /// @inheritdoc IDataAvailabilityCommittee
    function checkAttestation(
        Attestation calldata attestation,
        uint256 signers,
        bytes calldata signatures,
        uint64 needed
    ) external view {
        Epoch memory epoch = _requireEpoch(attestation.epoch);
        // INVARIANT: who left the committee attests nothing new.
        if (block.timestamp >= epoch.attestsUntil) revert CommitteeEpochRetired(attestation.epoch, epoch.attestsUntil);
        if (attestation.expiry < needed) revert CommitteeExpiryTooEarly(attestation.expiry, needed);
        _checkSignatures(epoch, attestation, signers, signatures);
    }

    /// @inheritdoc IDataAvailabilityCommittee
    function checkSignatures(
        Attestation calldata attestation,
        uint256 signers,
        bytes calldata signatures
    ) external view {
        _checkSignatures(_requireEpoch(attestation.epoch), attestation, signers, signatures);
    }

    /* VIEWS */

    /// @inheritdoc IDataAvailabilityCommittee
    function attestationHash(Attestation calldata attestation) public view returns (bytes32) {
        return
            MessageHashUtils.toTypedDataHash(
                // Not kept: an immutable of the own address would make the code of each committee another.
                keccak256(
                    abi.encode(DOMAIN_TYPEHASH, DOMAIN_NAME_HASH, DOMAIN_VERSION_HASH, block.chainid, address(this))
                ),
                keccak256(
                    abi.encode(
                        ATTESTATION_TYPEHASH,
                        BRIDGE,
                        attestation.epoch,
                        attestation.batchIndex,
                        attestation.dataHash,
                        attestation.length,
                        attestation.expiry
                    )
                )
            );
    }

    /// @inheritdoc IDataAvailabilityCommittee
    function epochOf(
        uint64 epoch
    )
        external
        view
        returns (address[] memory members, uint256 threshold, uint64 attestsUntil, AttestationScheme scheme)
    {
        Epoch memory found = _requireEpoch(epoch);
        if (found.scheme == AttestationScheme.BLS) {
            members = new address[](KeyList.count(found.list));
            for (uint256 i = 0; i < members.length; ++i)
                members[i] = StoredCode.addressOf(KEYS, KeyList.get(found.list, i));
        } else {
            bytes memory list = MemberList.load(found.list);
            members = new address[](list.count());
            for (uint256 i = 0; i < members.length; ++i) members[i] = list.get(i);
        }
        return (members, found.threshold, found.attestsUntil, found.scheme);
    }

    /* INTERNAL */

    function _start(
        uint64 epoch,
        address[] memory members,
        uint256 threshold,
        AttestationScheme scheme,
        uint64 previousUntil
    ) private {
        bool isBls = scheme == AttestationScheme.BLS;
        uint256 count = members.length;
        uint256 max = isBls ? MAX_BLS_MEMBERS : MAX_MEMBERS;
        if (count == 0 || count > max) revert CommitteeMemberCount(count, max);
        // INVARIANT: two data for one batch need a member that signs both.
        if (2 * threshold <= count || threshold > count) revert CommitteeThreshold(threshold, count);
        address last = address(0);
        for (uint256 i = 0; i < count; ++i) {
            // INVARIANT: nobody counts twice, and what no signature recovers to is no member.
            if (members[i] <= last) revert CommitteeMembersUnsorted(i, members[i]);
            last = members[i];
        }

        _epochs[epoch] = Epoch({
            list: isBls ? KeyList.store(_provenKeys(members)) : MemberList.store(members),
            attestsUntil: FOREVER,
            threshold: uint16(threshold),
            scheme: scheme
        });
        emit EpochStarted(epoch, members, threshold, scheme, previousUntil);
    }

    function _provenKeys(address[] memory members) private view returns (bytes[] memory keys) {
        keys = new bytes[](members.length);
        for (uint256 i = 0; i < members.length; ++i) {
            bytes memory key = StoredCode.read(members[i], 0, Bls12381.G2_LENGTH);
            // INVARIANT: only KEYS creates a contract there, after it saw a proof of possession of this very key.
            if (StoredCode.addressOf(KEYS, key) != members[i]) revert CommitteeUnprovenKey(members[i]);
            keys[i] = key;
        }
    }

    function _requireEpoch(uint64 epoch) private view returns (Epoch memory found) {
        found = _epochs[epoch];
        if (found.list == address(0)) revert CommitteeUnknownEpoch(epoch);
    }

    function _checkSignatures(
        Epoch memory epoch,
        Attestation calldata attestation,
        uint256 signers,
        bytes calldata signatures
    ) private view {
        if (epoch.scheme == AttestationScheme.BLS) _checkAggregate(epoch, attestation, signers, signatures);
        else _checkEach(epoch, attestation, signers, signatures);
    }

    /// @dev Whoever has a bit is in the sum of keys, once.
    function _checkAggregate(
        Epoch memory epoch,
        Attestation calldata attestation,
        uint256 signers,
        bytes calldata signature
    ) private view {
        uint256 count = KeyList.count(epoch.list);
        _requireSigners(signers, count, epoch.threshold);
        _requireLength(signature, Bls12381.G1_LENGTH);
        bytes memory sum = KeyList.sumOf(epoch.list, count, signers);
        bytes memory digest = abi.encode(attestationHash(attestation));
        if (!Bls12381.verify(sum, digest, SIGNATURE_DST, signature)) revert CommitteeWrongAggregate(signers);
    }

    /// @dev Each bit stands for one member, so nobody signs twice, whatever order the signatures are in.
    function _checkEach(
        Epoch memory epoch,
        Attestation calldata attestation,
        uint256 signers,
        bytes calldata signatures
    ) private view {
        bytes memory list = MemberList.load(epoch.list);
        uint256 count = list.count();
        uint256 signed = _requireSigners(signers, count, epoch.threshold);
        // INVARIANT: each signer has a signature of its own, and all of them are within `signatures`.
        _requireLength(signatures, SIGNATURE_LENGTH * signed);

        bytes32 digest = attestationHash(attestation);
        uint256 at = 0;
        for (uint256 i = 0; i < count; ++i) {
            if ((signers >> i) & 1 == 0) continue;
            _checkSignature(list.get(i), digest, signatures, at);
            // unchecked: 64 for each bit of a word.
            unchecked {
                at += SIGNATURE_LENGTH;
            }
        }
    }

    /// @return signed How many members `signers` names: enough, and none that there is not.
    function _requireSigners(uint256 signers, uint256 count, uint256 threshold) private pure returns (uint256 signed) {
        if (signers >> count != 0) revert CommitteeUnknownSigner(signers, count);
        signed = _bitCount(signers);
        if (signed < threshold) revert CommitteeTooFewSigners(signed, threshold);
    }

    function _requireLength(bytes calldata signatures, uint256 expected) private pure {
        if (signatures.length != expected) revert CommitteeSignaturesLength(expected, signatures.length);
    }

    /// @param at Where the signature begins; it ends within `signatures`.
    function _checkSignature(address member, bytes32 digest, bytes calldata signatures, uint256 at) private pure {
        bytes32 r;
        uint256 vs;
        assembly ("memory-safe") {
            r := calldataload(add(signatures.offset, at))
            vs := calldataload(add(signatures.offset, add(at, 0x20)))
        }
        uint256 s = vs & S_MASK;
        // INVARIANT: one signer, one signature. Of the two that everybody can make from either, the low one.
        if (s > HALF_CURVE_ORDER) revert CommitteeMalleableSignature(member);
        address recovered = ecrecover(digest, uint8(27 + (vs >> 255)), r, bytes32(s));
        if (recovered != member) revert CommitteeWrongSignature(member, recovered);
    }

    function _bitCount(uint256 bits) private pure returns (uint256 count) {
        // unchecked: the loop ends at zero.
        unchecked {
            for (; bits != 0; bits &= bits - 1) ++count;
        }
    }
}
