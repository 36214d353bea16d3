// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {BatchHeader} from "../../../contracts/libraries/BatchHeader.sol";

/// @notice What a dispute game needs of the chain: which batches there are, and which of them are under dispute.
contract GameChain {
    bytes32[] private _hashes;
    mapping(bytes32 headerHash => bool) public disputed;
    mapping(bytes32 headerHash => address) public winnerOf;

    constructor() {
        _hashes.push();
    }

    function append(BatchHeader calldata header) external {
        _hashes.push(header.hash());
    }

    function openDispute(BatchHeader calldata header) external {
        require(headerHash(header.index) == header.hash() && !disputed[header.hash()], "no batch to dispute");
        disputed[header.hash()] = true;
    }

    function closeDispute(BatchHeader calldata header) external {
        require(disputed[header.hash()], "no dispute to close");
        disputed[header.hash()] = false;
    }

    function revertBatches(BatchHeader calldata header, address winner) external {
        require(disputed[header.hash()] && headerHash(header.index) == header.hash(), "no batch to revert");
        disputed[header.hash()] = false;
        winnerOf[header.hash()] = winner;
        while (_hashes.length > header.index) _hashes.pop();
    }

    function headerHash(uint64 index) public view returns (bytes32) {
        return index < _hashes.length ? _hashes[index] : bytes32(0);
    }

    function heads() external view returns (uint64 head, uint64 finalizedHead) {
        return (uint64(_hashes.length) - 1, 0);
    }
}
