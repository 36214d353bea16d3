// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Groth16} from "./Groth16.sol";
import {VerifyingKey} from "./Groth16Key.sol";

/// @title Groth16Verifier
/// @notice Proofs of one circuit. The program's id is the id of the key: keccak256 of its ABI encoding. Public values are
/// the public inputs, a word each; a proof is A, B and C, 256 bytes, as EIP-197 writes points.
/// @dev Invariant: a key whose secrets are known verifies nothing but on a chain that is one developer's own.
contract Groth16Verifier is Groth16 {
    /// @notice Public values have `length` bytes instead of `expected`.
    error Groth16ValuesLength(uint256 length, uint256 expected);
    /// @notice A development key is for chains of one developer: those with id 31337 or 1337.
    error Groth16DevelopmentKey(uint256 chainId);

    /* IMMUTABLES AND CONSTANTS */

    /// @dev Hardhat and anvil, also where they fork another chain.
    uint256 private constant HARDHAT_CHAIN_ID = 31337;
    /// @dev Ganache and geth --dev.
    uint256 private constant GETH_DEV_CHAIN_ID = 1337;

    /// @dev The gamma that stamps each key that `plugin/prover` makes for development, whatever its seed: x, imaginary part.
    uint256 private constant DEVELOPMENT_GAMMA_X0 = 0x2a04c16e3917b2c2ae02c55dde0c9192b2383c8cc456bc575f3df3d426d1b1e4;
    /// @dev The same, real part.
    uint256 private constant DEVELOPMENT_GAMMA_X1 = 0x2f7d45ef0ca7ce2a711b8d70997cce437515ff9e782ac9c37bccfd809f35ce75;

    /// @notice Whether the secrets behind the key are known, so that anybody can prove anything.
    bool public immutable IS_DEVELOPMENT;

    /* CONSTRUCTOR */

    /// @param key The verifying key.
    /// @param inputs Number of public inputs of the circuit.
    /// @param isDevelopment Whether the key comes from a set-up for development. A stamped one does whatever stands here.
    constructor(VerifyingKey memory key, uint256 inputs, bool isDevelopment) Groth16(key, inputs) {
        bool isStamped = key.gamma.x[0] == DEVELOPMENT_GAMMA_X0 && key.gamma.x[1] == DEVELOPMENT_GAMMA_X1;
        isDevelopment = isDevelopment || isStamped;
        if (isDevelopment && block.chainid != HARDHAT_CHAIN_ID && block.chainid != GETH_DEV_CHAIN_ID) {
            revert Groth16DevelopmentKey(block.chainid);
        }
        IS_DEVELOPMENT = isDevelopment;
    }

    /* INTERNAL */

    /// @inheritdoc Groth16
    function _inputsOf(
        bytes32 programId,
        bytes calldata publicValues,
        bytes calldata
    ) internal view override returns (uint256[] memory inputs) {
        if (programId != KEY_ID) revert ValidityUnknownProgram(programId, KEY_ID);
        uint256 n = INPUTS;
        if (publicValues.length != n << 5) revert Groth16ValuesLength(publicValues.length, n << 5);
        assembly ("memory-safe") {
            inputs := mload(0x40)
            mstore(inputs, n)
            let first := add(inputs, 0x20)
            calldatacopy(first, publicValues.offset, publicValues.length)
            mstore(0x40, add(first, publicValues.length))
        }
    }

    /// @inheritdoc Groth16
    function _prefixLength() internal pure override returns (uint256) {
        return 0;
    }
}
