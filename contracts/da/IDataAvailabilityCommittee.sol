// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice What a member signs (EIP-712): I hold these data and serve them until `expiry`. The bridge stands in what is
/// signed too, and is the committee's own.
/// @param epoch The epoch whose members sign.
/// @param batchIndex Of the batch with the data.
/// @param length Of the data, in bytes.
/// @param expiry L1 time in seconds.
/// @param dataHash Commitment to the data (docs/protocol.md §3).
struct Attestation {
    uint64 epoch;
    uint64 batchIndex;
    uint64 length;
    uint64 expiry;
    bytes32 dataHash;
}

/// @notice How the members of an epoch sign. See docs/data-availability.md §3.
/// - ECDSA: members are accounts, each has a signature of its own.
/// - BLS: members are contracts that hold keys (IBlsKeys), all have one signature together.
enum AttestationScheme {
    ECDSA,
    BLS
}

/// @title IDataAvailabilityCommittee
/// @notice Accounts that hold batch data, and of which enough must sign that they do. See docs/data-availability.md §3.
interface IDataAvailabilityCommittee {
    /// @notice An epoch began: these members attest from now on.
    /// @param members In ascending order; member i signs with bit i.
    /// @param threshold How many of them must sign.
    /// @param previousUntil L1 time in seconds from which the epoch before does not attest any more; 0 for the first.
    event EpochStarted(
        uint64 indexed epoch,
        address[] members,
        uint256 threshold,
        AttestationScheme scheme,
        uint64 previousUntil
    );

    /// @notice A constructor parameter that must not be zero is.
    error CommitteeZeroParameter(string name);
    /// @notice Only the upgrade timelock changes members.
    error CommitteeUnauthorized(address caller);
    /// @notice A committee has 1 to `max` members, not `count`.
    error CommitteeMemberCount(uint256 count, uint256 max);
    /// @notice Members are in ascending order, each once, none zero: `member` at `index` is not above the one before.
    error CommitteeMembersUnsorted(uint256 index, address member);
    /// @notice The threshold must be above half of the members and at most all of them.
    error CommitteeThreshold(uint256 threshold, uint256 members);
    /// @notice There is no such epoch.
    error CommitteeUnknownEpoch(uint64 epoch);
    /// @notice The epoch attested until `attestsUntil`, in seconds.
    error CommitteeEpochRetired(uint64 epoch, uint64 attestsUntil);
    /// @notice The data must be held until `needed`, in seconds.
    error CommitteeExpiryTooEarly(uint64 expiry, uint64 needed);
    /// @notice `signers` names members that the epoch does not have.
    error CommitteeUnknownSigner(uint256 signers, uint256 members);
    /// @notice `threshold` members must sign.
    error CommitteeTooFewSigners(uint256 signers, uint256 threshold);
    /// @notice What is to be a member of an epoch by BLS is no key that `IBlsKeys` holds for this committee.
    error CommitteeUnprovenKey(address member);
    /// @notice Each signer has one signature of 64 bytes; by BLS all have one of 128.
    error CommitteeSignaturesLength(uint256 expected, uint256 found);
    /// @notice The signature that stands for `member` is not its own.
    error CommitteeWrongSignature(address member, address recovered);
    /// @notice The signature of `member` has a high s: anybody could have made it from the right one.
    error CommitteeMalleableSignature(address member);

    /// @notice The one signature (BLS) is not that of all `signers`.
    error CommitteeWrongAggregate(uint256 signers);

    /// @notice Begins a new epoch, which attests at once. The one before attests for the overlap more.
    /// @dev Only the upgrade timelock.
    /// @param members In ascending order.
    /// @param threshold How many must sign; above half of them.
    function startEpoch(
        address[] calldata members,
        uint256 threshold,
        AttestationScheme scheme
    ) external returns (uint64 epoch);

    /// @notice Reverts unless enough members of an epoch that still attests sign, with an expiry of `needed` or later.
    /// @param signers Bit i for member i of the epoch.
    /// @param signatures By ECDSA one for each signer, in ascending order of members: r and yParityAndS (EIP-2098). By BLS
    /// their sum, a point of G1 (EIP-2537).
    /// @param needed L1 time in seconds.
    function checkAttestation(
        Attestation calldata attestation,
        uint256 signers,
        bytes calldata signatures,
        uint64 needed
    ) external view;

    /// @notice The same whatever the time is: whether enough members signed it once.
    function checkSignatures(
        Attestation calldata attestation,
        uint256 signers,
        bytes calldata signatures
    ) external view;

    /// @notice The digest that a member signs.
    function attestationHash(Attestation calldata attestation) external view returns (bytes32);
    /// @notice The newest epoch.
    function currentEpoch() external view returns (uint64);
    /// @notice Members of an epoch, its threshold, the L1 time in seconds until which it attests (the greatest there is for
    /// the newest), and how they sign.
    function epochOf(
        uint64 epoch
    )
        external
        view
        returns (address[] memory members, uint256 threshold, uint64 attestsUntil, AttestationScheme scheme);
}
