// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {BatchHeader} from "../libraries/BatchHeader.sol";
import {CalldataForm} from "./CalldataForm.sol";
import {Certificate} from "./Certificate.sol";
import {IDataAvailability} from "./IDataAvailability.sol";
import {Attestation, IDataAvailabilityCommittee} from "./IDataAvailabilityCommittee.sol";

/// @title CommitteeDA
/// @notice Batch data with a committee, or in calldata. See docs/data-availability.md §3.
/// @dev Stateless. Invariants:
/// - Behind every data hash of this layer stand data in the input of the transaction that committed to it, or a
///   certificate there, by members who attest at that time until the last dispute about the batch is over.
/// - Nobody's leave is needed for calldata.
contract CommitteeDA is CalldataForm, IDataAvailability {
    /// @notice A constructor parameter that must not be zero is.
    error CommitteeDAZeroParameter(string name);
    /// @notice Members attest 1 to 2^20 bytes, not `length`.
    error CommitteeDALengthOutOfRange(uint64 length);

    /// @notice `daInput` is this byte and abi.encode(Certificate).
    uint8 public constant FORM_COMMITTEE = 2;
    /// @notice Longer data is malformed anyway (docs/protocol.md §6).
    uint64 public constant MAX_LENGTH = 1 << 20;

    /// @notice Who attests.
    IDataAvailabilityCommittee public immutable COMMITTEE;
    /// @notice Longest time from a batch's `finalizesAt` to the end of the dispute about it, in seconds.
    uint64 public immutable DISPUTE_DURATION;

    constructor(IDataAvailabilityCommittee committee, uint64 disputeDuration) {
        if (address(committee) == address(0)) revert CommitteeDAZeroParameter("committee");
        if (disputeDuration == 0) revert CommitteeDAZeroParameter("disputeDuration");
        COMMITTEE = committee;
        DISPUTE_DURATION = disputeDuration;
    }

    /// @inheritdoc IDataAvailability
    function commit(BatchHeader calldata header, bytes calldata daInput) external view returns (bytes32 dataHash) {
        _requireDirect(header.submitter);
        uint8 form = _formOf(daInput);
        if (form == FORM_CALLDATA) return _hashOf(daInput[1:]);
        if (form != FORM_COMMITTEE) revert DataUnknownForm(form);

        Certificate memory certificate = abi.decode(daInput[1:], (Certificate));
        uint64 length = certificate.length;
        if (length == 0 || length > MAX_LENGTH) revert CommitteeDALengthOutOfRange(length);
        dataHash = keccak256(abi.encode(DATA_DOMAIN, length, certificate.root));
        COMMITTEE.checkAttestation(
            Attestation({
                epoch: certificate.epoch,
                batchIndex: header.index,
                dataHash: dataHash,
                length: length,
                expiry: certificate.expiry
            }),
            certificate.signers,
            certificate.signatures,
            // INVARIANT: whoever has to judge the batch can read it until its last dispute is over.
            header.finalizesAt + DISPUTE_DURATION
        );
    }
}
