// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Test} from "forge-std/Test.sol";

import {KeyList} from "../../../contracts/da/KeyList.sol";
import {Bls12381} from "../../../contracts/libraries/Bls12381.sol";
import {StoredCode} from "../../../contracts/libraries/StoredCode.sol";

/// @notice Keys and signatures whose secrets are known, against the multiplications of EIP-2537.
contract Bls12381Test is Test {
    bytes private constant DST = "a tag of this test";
    uint256 private constant ORDER = 0x73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001;
    /// @dev Of G2, as draft-irtf-cfrg-pairing-friendly-curves has it.
    bytes private constant GENERATOR =
        hex"00000000000000000000000000000000024aa2b2f08f0a91260805272dc51051c6e47ad4fa403b02b4510b647ae3d1770bac0326a805bbefd48056c8c121bdb8"
        hex"0000000000000000000000000000000013e02b6052719f607dacd3a088274f65596bd0d09920b61ab5da61bbdc7f5049334cf11213945d57e5ac7d055d042b7e"
        hex"000000000000000000000000000000000ce5d527727d6e118cc9cdc6da2e351aadfd9baa8cbdd3a76d429a695160d12c923ac9cc3baca289e193548608b82801"
        hex"000000000000000000000000000000000606c4a02ea734cc32acd2b02bc28b99cb3e287e85a763af267492ab572e99ab3f370d275cec1da1aaa9075ff05f79be";
    address private constant G1_MSM = address(0x0c);
    address private constant G2_MSM = address(0x0e);

    /// @notice What signed with a sum of secrets holds for the sum of their keys, and for no other sum.
    function testFuzz_sumOfKeysIsThatOfWhoSigned(uint256 seed, uint256 size, uint256 members) public {
        size = bound(size, 1, 12);
        members = bound(members, 1, (1 << size) - 1);
        bytes[] memory keys = new bytes[](size);
        uint256 sum = 0;
        for (uint256 i = 0; i < size; ++i) {
            uint256 secret = _secret(seed, i);
            keys[i] = _keyOf(secret);
            if ((members >> i) & 1 == 1) sum = addmod(sum, secret, ORDER);
        }
        address list = KeyList.store(keys);
        assertEq(KeyList.count(list), size);
        for (uint256 i = 0; i < size; ++i) assertEq(KeyList.get(list, i), keys[i]);

        bytes memory key = KeyList.sumOf(list, size, members);
        assertEq(key, _keyOf(sum));
        bytes memory message = abi.encode(seed);
        bytes memory signature = _sign(sum, message);
        assertTrue(Bls12381.verify(key, message, DST, signature));
        uint256 others = members ^ (1 << (seed % size));
        assertFalse(Bls12381.verify(KeyList.sumOf(list, size, others), message, DST, signature));
    }

    /// @notice A point and its negative are nothing; the negative of that is the point.
    function testFuzz_negativeAddsUpToInfinity(uint256 seed) public view {
        bytes memory key = _keyOf(_secret(seed, 0));
        bytes memory negative = Bls12381.negate(key);
        assertEq(Bls12381.add(key, negative), new bytes(256));
        assertEq(Bls12381.negate(negative), key);
        assertEq(negative, _keyOf(ORDER - _secret(seed, 0)));
    }

    /// @notice A signature is of one message under one tag and one key.
    function testFuzz_verifyTakesOneMessage(uint256 seed, bytes memory message, bytes memory other) public view {
        bytes memory key = _keyOf(_secret(seed, 0));
        bytes memory signature = _sign(_secret(seed, 0), message);
        assertTrue(Bls12381.verify(key, message, DST, signature));
        assertFalse(Bls12381.verify(_keyOf(_secret(seed, 1)), message, DST, signature));
        assertFalse(Bls12381.verify(key, message, "another tag", signature));
        if (keccak256(message) != keccak256(other)) assertFalse(Bls12381.verify(key, other, DST, signature));
    }

    /// @notice What is kept as code is what was given, whatever part is read.
    function testFuzz_storedCode(bytes memory data, uint256 offset, uint256 length) public {
        address at = StoredCode.store(data);
        assertEq(at.code, bytes.concat(bytes1(0), data));
        assertEq(StoredCode.storeOnce(data), StoredCode.addressOf(address(this), data));
        assertEq(StoredCode.storeOnce(data).code, at.code);
        offset = bound(offset, 0, data.length);
        length = bound(length, 0, 300);
        bytes memory read = StoredCode.read(at, offset, length);
        assertEq(read.length, length);
        for (uint256 i = 0; i < length; ++i) assertEq(read[i], offset + i < data.length ? data[offset + i] : bytes1(0));
    }

    function _secret(uint256 seed, uint256 index) private pure returns (uint256) {
        return 1 + (uint256(keccak256(abi.encode(seed, index))) % (ORDER - 1));
    }

    function _keyOf(uint256 secret) private view returns (bytes memory) {
        return _multiply(G2_MSM, GENERATOR, secret);
    }

    function _sign(uint256 secret, bytes memory message) private view returns (bytes memory) {
        return _multiply(G1_MSM, Bls12381.hashToG1(message, DST), secret);
    }

    function _multiply(address precompile, bytes memory point, uint256 factor) private view returns (bytes memory) {
        (bool success, bytes memory product) = precompile.staticcall(bytes.concat(point, bytes32(factor)));
        require(success, "no product");
        return product;
    }
}
