// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IDataAvailability} from "../da/IDataAvailability.sol";
import {BatchHeader} from "../libraries/BatchHeader.sol";

/// @notice A data-availability layer that attests what the test says: the 32 bytes behind the form.
contract EchoDA is IDataAvailability {
    /// @inheritdoc IDataAvailability
    function commit(BatchHeader calldata, bytes calldata daInput) external pure returns (bytes32) {
        return bytes32(daInput[1:33]);
    }
}
