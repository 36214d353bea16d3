// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title StoredCode
/// @notice Data kept as the code of a contract: one access reads all of it, where storage takes one for each word.
/// @dev The code is a zero byte, which stops whoever calls it, and the data.
library StoredCode {
    /// @notice The contract with the data could not be created.
    error StoredCodeNotCreated();

    /// @notice Most data that fit into a contract (EIP-170), in bytes.
    uint256 internal constant MAX_LENGTH = 24_575;

    /// @dev Returns what follows these 11 bytes as the code: codecopy(0, 11, codesize - 11), return.
    bytes11 private constant CREATION = 0x600b5981380380925939f3;

    /// @notice Writes data.
    /// @return at The contract that holds them.
    function store(bytes memory data) internal returns (address at) {
        bytes memory code = _creation(data);
        assembly ("memory-safe") {
            at := create(0, add(code, 0x20), mload(code))
        }
        if (at == address(0)) revert StoredCodeNotCreated();
    }

    /// @notice Writes data, unless they are there, where `addressOf` says.
    function storeOnce(bytes memory data) internal returns (address at) {
        at = addressOf(address(this), data);
        if (at.code.length != 0) return at;
        bytes memory code = _creation(data);
        address created;
        assembly ("memory-safe") {
            created := create2(0, add(code, 0x20), mload(code), 0)
        }
        if (created == address(0)) revert StoredCodeNotCreated();
    }

    /// @notice Where the data are that `writer` stored once.
    function addressOf(address writer, bytes memory data) internal pure returns (address) {
        bytes32 hash = keccak256(_creation(data));
        return address(uint160(uint256(keccak256(abi.encodePacked(bytes1(0xff), writer, bytes32(0), hash)))));
    }

    /// @notice `length` bytes of the data from `offset` on; zeros where there are none.
    function read(address at, uint256 offset, uint256 length) internal view returns (bytes memory data) {
        data = new bytes(length);
        readInto(data, at, offset);
    }

    /// @notice Fills `data` with what is kept from `offset` on.
    function readInto(bytes memory data, address at, uint256 offset) internal view {
        assembly ("memory-safe") {
            extcodecopy(at, add(data, 0x20), add(offset, 1), mload(data))
        }
    }

    function _creation(bytes memory data) private pure returns (bytes memory) {
        return bytes.concat(CREATION, bytes1(0), data);
    }
}
