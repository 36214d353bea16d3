// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice What a Safe answers about itself, and its rule in short: a call is made once enough owners confirmed it. No signatures, no modules.
contract MockSafe {
    error SafeNotOwner(address account);
    error SafeConfirmedAlready(address owner);

    string public constant VERSION = "1.4.1";

    uint256 public nonce;
    uint256 public getThreshold;
    mapping(bytes32 call => mapping(address owner => bool confirmed)) public confirmed;
    mapping(bytes32 call => uint256 count) public confirmations;
    address[] private _owners;

    constructor(address[] memory owners, uint256 threshold) {
        _owners = owners;
        getThreshold = threshold;
    }

    function getOwners() external view returns (address[] memory) {
        return _owners;
    }

    /// @notice Confirms the Safe's next call, and makes it with the last confirmation that it takes.
    function confirm(address to, bytes calldata data) external {
        if (!_isOwner(msg.sender)) revert SafeNotOwner(msg.sender);
        bytes32 call = keccak256(abi.encode(nonce, to, data));
        if (confirmed[call][msg.sender]) revert SafeConfirmedAlready(msg.sender);
        confirmed[call][msg.sender] = true;
        if (++confirmations[call] < getThreshold) return;
        ++nonce;
        (bool isDone, bytes memory result) = to.call(data);
        if (isDone) return;
        assembly ("memory-safe") {
            revert(add(result, 0x20), mload(result))
        }
    }

    function _isOwner(address account) private view returns (bool) {
        for (uint256 i = 0; i < _owners.length; ++i) if (_owners[i] == account) return true;
        return false;
    }
}
