// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @notice The token bridge that is copied from tutorial to tutorial, faults included. Tests show each fault here, and
/// that L1EscrowBridge does not have it. Never deploy.
contract NaiveEscrowBridge {
    IERC20 public immutable token;
    address public owner;
    bool public paused;
    mapping(bytes32 signatureHash => bool) public usedSignatures;

    event AssetDeposited(address indexed user, uint256 amount, uint256 targetChainId, uint256 nonce);
    event WithdrawalSettled(address indexed user, uint256 amount, uint256 withdrawalId);

    constructor(IERC20 token_) {
        token = token_;
        owner = msg.sender;
    }

    function togglePause() external {
        require(msg.sender == owner, "not the owner");
        paused = !paused;
    }

    function depositAsset(uint256 amount, uint256 targetChainId, uint256 nonce) external {
        require(!paused, "paused");
        require(token.transferFrom(msg.sender, address(this), amount), "transfer failed");
        emit AssetDeposited(msg.sender, amount, targetChainId, nonce);
    }

    function settleWithdrawal(address user, uint256 amount, uint256 withdrawalId, bytes calldata signature) external {
        require(!paused, "paused");
        bytes32 id = keccak256(signature);
        require(!usedSignatures[id], "already settled");
        bytes32 digest = keccak256(abi.encode(user, amount, withdrawalId, block.chainid));
        (bytes32 r, bytes32 s, uint8 v) = (bytes32(signature[:32]), bytes32(signature[32:64]), uint8(signature[64]));
        require(ecrecover(digest, v, r, s) == owner, "not signed by the owner");
        token.transfer(user, amount);
        usedSignatures[id] = true;
        emit WithdrawalSettled(user, amount, withdrawalId);
    }
}
