// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {VerifyingKey} from "./Groth16Key.sol";
import {Groth16} from "./Groth16.sol";
import {IRoutedVerifier} from "./IRoutedVerifier.sol";

/// @title RiscZeroAdapter
/// @notice Groth16 proofs of one version of RISC Zero. The program's id is the image id; public values are the journal; a
/// proof is what RISC Zero calls a seal.
/// @dev The statement of a proof is a claim: a tree of tagged SHA-256 hashes, which says that the program ran from its image
/// to a halt without error, under no assumption, and wrote this journal.
///
/// Invariant: the selector is derived from key and parameters, so a seal with it was made for just these.
contract RiscZeroAdapter is IRoutedVerifier, Groth16 {
    /* IMMUTABLES AND CONSTANTS */

    uint256 private constant SELECTOR_LENGTH = 4;
    uint256 private constant INPUT_COUNT = 5;

    bytes32 private constant TAG_SYSTEM_STATE = sha256("risc0.SystemState");
    bytes32 private constant TAG_PARAMETERS = sha256("risc0.Groth16ReceiptVerifierParameters");
    bytes32 private constant TAG_KEY = sha256("risc0_groth16.VerifyingKey");
    bytes32 private constant TAG_IC = sha256("risc0_groth16.VerifyingKey.IC");

    /// @notice Root of the programs of the recursion.
    bytes32 public immutable CONTROL_ROOT;
    /// @notice The one of them that a seal wraps.
    bytes32 public immutable BN254_CONTROL_ID;

    bytes4 private immutable SELECTOR;
    bytes32 private immutable TAG_CLAIM;
    bytes32 private immutable TAG_OUTPUT;
    /// @dev The system after a halt: the state that ends every claim.
    bytes32 private immutable HALTED;
    uint256 private immutable CONTROL_ROOT_LOW;
    uint256 private immutable CONTROL_ROOT_HIGH;

    /* CONSTRUCTOR */

    /// @param key The verifying key of the version.
    constructor(VerifyingKey memory key, bytes32 controlRoot, bytes32 bn254ControlId) Groth16(key, INPUT_COUNT) {
        CONTROL_ROOT = controlRoot;
        BN254_CONTROL_ID = bn254ControlId;
        SELECTOR = bytes4(
            sha256(
                abi.encodePacked(
                    TAG_PARAMETERS,
                    controlRoot,
                    _reverse(uint256(bn254ControlId)),
                    _hashKey(key),
                    _littleEndian16(3)
                )
            )
        );
        // SHA-256 is computed when the code runs, of constants too.
        TAG_CLAIM = sha256("risc0.ReceiptClaim");
        TAG_OUTPUT = sha256("risc0.Output");
        HALTED = sha256(abi.encodePacked(TAG_SYSTEM_STATE, bytes32(0), uint32(0), _littleEndian16(1)));
        (CONTROL_ROOT_LOW, CONTROL_ROOT_HIGH) = _halves(controlRoot);
    }

    /* VIEWS */

    /// @inheritdoc IRoutedVerifier
    function selector() public view returns (bytes4) {
        return SELECTOR;
    }

    /* INTERNAL */

    /// @inheritdoc Groth16
    function _inputsOf(
        bytes32 programId,
        bytes calldata publicValues,
        bytes calldata proof
    ) internal view override returns (uint256[] memory inputs) {
        if (bytes4(proof) != SELECTOR) revert ValidityWrongSelector(bytes4(proof), SELECTOR);
        bytes32 output = sha256(abi.encodePacked(TAG_OUTPUT, sha256(publicValues), bytes32(0), _littleEndian16(2)));
        // No input, the image, the end; exit codes of system and user are zero.
        bytes32 claim = sha256(
            abi.encodePacked(TAG_CLAIM, bytes32(0), programId, HALTED, output, uint64(0), _littleEndian16(4))
        );
        inputs = new uint256[](INPUT_COUNT);
        (inputs[0], inputs[1]) = (CONTROL_ROOT_LOW, CONTROL_ROOT_HIGH);
        (inputs[2], inputs[3]) = _halves(claim);
        inputs[4] = uint256(BN254_CONTROL_ID);
    }

    /// @inheritdoc Groth16
    function _prefixLength() internal pure override returns (uint256) {
        return SELECTOR_LENGTH;
    }

    /* PRIVATE */

    function _hashKey(VerifyingKey memory key) private pure returns (bytes32) {
        // A list is hashed from its end, each element with the hash of those after it.
        bytes32 list = 0;
        for (uint256 i = key.ic.length; i > 0; --i) {
            list = sha256(abi.encodePacked(TAG_IC, sha256(abi.encode(key.ic[i - 1])), list, _littleEndian16(2)));
        }
        return
            sha256(
                abi.encodePacked(
                    TAG_KEY,
                    sha256(abi.encode(key.alpha)),
                    sha256(abi.encode(key.beta)),
                    sha256(abi.encode(key.gamma)),
                    sha256(abi.encode(key.delta)),
                    list,
                    _littleEndian16(5)
                )
            );
    }

    /// @dev Two numbers of 128 bits that are the hash, read as little-endian.
    function _halves(bytes32 hash) private pure returns (uint256 low, uint256 high) {
        uint256 value = uint256(_reverse(uint256(hash)));
        return (uint128(value), value >> 128);
    }

    /// @dev The bytes in reverse order: neighbours change places, then pairs of them, and so on.
    function _reverse(uint256 value) private pure returns (bytes32) {
        uint256 mask = 0x00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff;
        value = ((value >> 8) & mask) | ((value & mask) << 8);
        mask = 0x0000ffff0000ffff0000ffff0000ffff0000ffff0000ffff0000ffff0000ffff;
        value = ((value >> 16) & mask) | ((value & mask) << 16);
        mask = 0x00000000ffffffff00000000ffffffff00000000ffffffff00000000ffffffff;
        value = ((value >> 32) & mask) | ((value & mask) << 32);
        mask = 0x0000000000000000ffffffffffffffff0000000000000000ffffffffffffffff;
        value = ((value >> 64) & mask) | ((value & mask) << 64);
        return bytes32((value >> 128) | (value << 128));
    }

    function _littleEndian16(uint8 value) private pure returns (bytes2) {
        return bytes2(uint16(value) << 8);
    }
}
