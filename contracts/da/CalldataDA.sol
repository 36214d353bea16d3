// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {BatchHeader} from "../libraries/BatchHeader.sol";
import {CalldataForm} from "./CalldataForm.sol";
import {IDataAvailability} from "./IDataAvailability.sol";

/// @title CalldataDA
/// @notice Batch data in calldata only. See docs/data-availability.md §1.
/// @dev Stateless. Invariant: what a data hash stands for is in the input of the transaction that committed to it.
contract CalldataDA is CalldataForm, IDataAvailability {
    /// @inheritdoc IDataAvailability
    function commit(BatchHeader calldata header, bytes calldata daInput) external view returns (bytes32 dataHash) {
        _requireDirect(header.submitter);
        uint8 form = _formOf(daInput);
        if (form != FORM_CALLDATA) revert DataUnknownForm(form);
        return _hashOf(daInput[1:]);
    }
}
