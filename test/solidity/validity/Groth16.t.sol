// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Test} from "forge-std/Test.sol";
import {BN254} from "../../../contracts/validity/BN254.sol";
import {Groth16} from "../../../contracts/validity/Groth16.sol";
import {G1Point, G2Point, VerifyingKey} from "../../../contracts/validity/Groth16Key.sol";
import {Groth16Points} from "../../../contracts/validity/Groth16Points.sol";
import {Groth16Verifier} from "../../../contracts/validity/Groth16Verifier.sol";

/// @notice Groth16Verifier under a key whose secrets are known: beta, gamma and delta are 5, 7 and 11, alpha is 3, and ic i
/// is 13 + i. So every statement has proofs, with B the generator of G2.
contract Groth16Test is Test {
    uint256 private constant R = BN254.R;
    uint256 private constant INPUTS = 3;
    uint256 private constant INVERSE_OF_11 = 0x1198d6b56929518388d75f2b17d1f1963d2a25ebcf2c28ef01697092e2e8ba2f;

    Groth16Verifier private _verifier;
    bytes32 private _programId;

    struct Run {
        bytes values;
        bytes proof;
    }

    function setUp() public {
        VerifyingKey memory key;
        key.alpha = _multiple(3);
        key.beta = G2Point(
            [
                0x0a09ccf561b55fd99d1c1208dee1162457b57ac5af3759d50671e510e428b2a1,
                0x2e539c423b302d13f4e5773c603948eaf5db5df8ae8a9a9113708390a06410d8
            ],
            [
                0x19b763513924a736e4eebd0d78c91c1bc1d657fee4214057d21414011cfcc763,
                0x2f8d9f9ab83727c77a2fec063cb7b6e5eb23044ccf535ad49d46d394fb6f6bf6
            ]
        );
        key.gamma = G2Point(
            [
                0x2903ba015a9abde26a5d081e84551e63be0fd4516e46ee6d593edeba46362455,
                0x224bdc5d4327fcf8ed702e01de1c2f1657a253ba75e32a89c390142aaa28b308
            ],
            [
                0x03c8b7cda6b2dedb7aeeaf5fda464ad17036bea1c4e6f7adbaed1ebe0335e0d8,
                0x1d92fff52a265017eeccb372e37d7a7bd431800eca28dfd82e21e8054114233f
            ]
        );
        key.delta = G2Point(
            [
                0x228b515a17f28b89920873207477f8c7fc05582debaf3184febf1cfdedc5ce88,
                0x12bb1156a9f6b360fcb2614e15d8a3ff07f2c699dc69ca830b20d2df91fe9cd3
            ],
            [
                0x2b15dc62a5c9e36597914ddbbfde48806a8eabe45c8d3cccf9578ad08e058f92,
                0x02a4fd764f52470e2fcfff325fb9692f55d6b8b077eefeaa04e07152b4d1fa94
            ]
        );
        key.ic = new G1Point[](INPUTS + 1);
        for (uint256 i = 0; i <= INPUTS; ++i) key.ic[i] = _multiple(13 + i);
        _verifier = new Groth16Verifier(key, INPUTS, true);
        _programId = keccak256(abi.encode(key));
    }

    function testFuzz_everyTrueStatementHolds(uint256[3] memory inputs, uint256 a) public view {
        Run memory run = _run(inputs, a);
        _verifier.verify(_programId, run.values, run.proof);
    }

    function testFuzz_noOtherByteHolds(uint256[3] memory inputs, uint256 a, uint256 at, uint8 change) public view {
        Run memory run = _run(inputs, a);
        _change(run, at, change);
        _requireFalse(abi.encodeCall(_verifier.verify, (_programId, run.values, run.proof)));
    }

    function testFuzz_noOtherProgramHolds(bytes32 programId) public {
        vm.assume(programId != _programId);
        Run memory run = _run([uint256(1), 2, 3], 4);
        vm.expectRevert();
        _verifier.verify(programId, run.values, run.proof);
    }

    function testFuzz_allHoldTogether(uint256 seed, uint8 count) public view {
        (bytes[] memory values, bytes[] memory proofs) = _runs(seed, bound(count, 1, 6));
        _verifier.verifyMany(_programId, values, proofs);
    }

    function testFuzz_oneFalseProofIsEnough(
        uint256 seed,
        uint8 count,
        uint256 which,
        uint256 at,
        uint8 change
    ) public view {
        (bytes[] memory values, bytes[] memory proofs) = _runs(seed, bound(count, 1, 6));
        which = bound(which, 0, values.length - 1);
        _change(Run(values[which], proofs[which]), at, change);
        _requireFalse(abi.encodeCall(_verifier.verifyMany, (_programId, values, proofs)));
    }

    /// @notice Whatever the gas: proven, or no word about the proof.
    function testFuzz_tooLittleGasIsNoVerdict(uint256 gasLimit, uint8 count) public view {
        (bytes[] memory values, bytes[] memory proofs) = _runs(1, bound(count, 1, 3));
        gasLimit = bound(gasLimit, 0, 450_000);
        try _verifier.verifyMany{gas: gasLimit}(_programId, values, proofs) {} catch (bytes memory reason) {
            bytes4 selector = bytes4(reason);
            assertTrue(
                reason.length == 0 ||
                    selector == BN254.BN254TooLittleGas.selector ||
                    selector == Groth16Points.Groth16TooLittleGas.selector
            );
        }
    }

    /// @dev A's multiple is `a`; values are reduced below the order.
    function _run(uint256[3] memory inputs, uint256 a) private view returns (Run memory run) {
        a = 1 + (a % (R - 1));
        uint256 statement = 13;
        for (uint256 i = 0; i < INPUTS; ++i) {
            inputs[i] %= R;
            statement = addmod(statement, mulmod(inputs[i], 14 + i, R), R);
        }
        // a · 1 = 3 · 5 + 7 · statement + 11 · c
        uint256 c = addmod(a, R - addmod(15, mulmod(statement, 7, R), R), R);
        G2Point memory b = G2Point(
            [
                11559732032986387107991004021392285783925812861821192530917403151452391805634,
                10857046999023057135944570762232829481370756359578518086990519993285655852781
            ],
            [
                4082367875863433681332203403145435568316851327593401208105741076214120093531,
                8495653923123431417604973247489272438418190587263600148770280649306958101930
            ]
        );
        run.values = abi.encode(inputs);
        run.proof = abi.encode(_multiple(a), b, _multiple(mulmod(c, INVERSE_OF_11, R)));
    }

    function _runs(uint256 seed, uint256 count) private view returns (bytes[] memory values, bytes[] memory proofs) {
        (values, proofs) = (new bytes[](count), new bytes[](count));
        for (uint256 i = 0; i < count; ++i) {
            uint256 random = uint256(keccak256(abi.encode(seed, i)));
            Run memory run = _run([random, random >> 1, i], random << 1);
            (values[i], proofs[i]) = (run.values, run.proof);
        }
    }

    /// @dev Changes one byte of the values or the proof.
    function _change(Run memory run, uint256 at, uint8 change) private pure {
        at = bound(at, 0, run.values.length + run.proof.length - 1);
        bytes1 difference = bytes1(uint8(bound(change, 1, 255)));
        if (at < run.values.length) run.values[at] ^= difference;
        else run.proof[at - run.values.length] ^= difference;
    }

    /// @dev The call reverts, with an error that is about the proof.
    function _requireFalse(bytes memory call) private view {
        (bool success, bytes memory reason) = address(_verifier).staticcall(call);
        assertFalse(success);
        bytes4 selector = bytes4(reason);
        assertTrue(
            selector == Groth16.Groth16ProofInvalid.selector ||
                selector == BN254.BN254PointInvalid.selector ||
                selector == Groth16Points.Groth16InputOutOfField.selector
        );
    }

    function _multiple(uint256 scalar) private view returns (G1Point memory point) {
        (point.x, point.y) = BN254.multiply(1, 2, scalar);
    }
}
