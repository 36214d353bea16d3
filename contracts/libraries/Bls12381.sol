// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title Bls12381
/// @notice BLS signatures in G1 under keys in G2, by the precompiles of EIP-2537: draft-irtf-cfrg-bls-signature over
/// RFC 9380's BLS12381G1_XMD:SHA-256_SSWU_RO_. See docs/data-availability.md §3.
/// @dev Points are as EIP-2537 has them: 128 bytes in G1, 256 in G2, infinity zeros.
/// INVARIANT: no failure of a precompile is ever a verdict. What had too little gas, what is no point of the right
/// subgroup, and a chain without the precompiles all revert, the first with an error of its own.
library Bls12381 {
    /// @notice `precompile` failed where it may have had too little gas: it is to have `needed`.
    error Bls12381OutOfGas(address precompile, uint256 needed);
    /// @notice `precompile` refuses what it was given, no point of its group; or this chain does not have it.
    error Bls12381PrecompileFailed(address precompile);

    /// @notice Bytes of a point of G1.
    uint256 internal constant G1_LENGTH = 128;
    /// @notice Bytes of a point of G2.
    uint256 internal constant G2_LENGTH = 256;

    address private constant MODEXP = address(0x05);
    address private constant G1_ADD = address(0x0b);
    address private constant G2_ADD = address(0x0d);
    address private constant PAIRING = address(0x0f);
    address private constant MAP_TO_G1 = address(0x10);

    /// @dev With a wrong input they burn all gas they are given. Twice what they take: room for a repricing.
    uint256 private constant MODEXP_GAS = 2 * 500;
    uint256 private constant G1_ADD_GAS = 2 * 375;
    uint256 private constant G2_ADD_GAS = 2 * 600;
    uint256 private constant PAIRING_GAS = 2 * (37_700 + 2 * 32_600);
    uint256 private constant MAP_TO_G1_GAS = 2 * 5_500;
    /// @dev What is taken between the look at the gas and the call.
    uint256 private constant CALL_GAS = 2_000;

    /// @dev Order of the base field, its higher and its lower word.
    uint256 private constant MODULUS_HIGH = 0x1a0111ea397fe69a4b1ba7b6434bacd7;
    uint256 private constant MODULUS_LOW = 0x64774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaab;
    /// @dev Half of it, rounded down.
    uint256 private constant HALF_HIGH = 0x0d0088f51cbff34d258dd3db21a5d66b;
    uint256 private constant HALF_LOW = 0xb23ba5c279c2895fb39869507b587b120f55ffff58a9ffffdcff7fffffffd555;
    /// @dev The negative of the generator of G2.
    bytes private constant MINUS_GENERATOR =
        hex"00000000000000000000000000000000024aa2b2f08f0a91260805272dc51051c6e47ad4fa403b02b4510b647ae3d1770bac0326a805bbefd48056c8c121bdb8"
        hex"0000000000000000000000000000000013e02b6052719f607dacd3a088274f65596bd0d09920b61ab5da61bbdc7f5049334cf11213945d57e5ac7d055d042b7e"
        hex"000000000000000000000000000000000d1b3cc2c7027888be51d9ef691d77bcb679afda66c73f17f9ee3837a55024f78c71363275a75d75d86bab79f74782aa"
        hex"0000000000000000000000000000000013fa4d4a0ad8b1ce186ed5061789213d993923066dddaf1040bc3ff59f825c78df74f2d75467e25e0f55f8a00fa030ed";

    /// @notice Whether `signature` is that of `message` under `key`. Infinity is no signature of anything.
    /// @dev Signature and key must have their lengths, and are held against their subgroups.
    /// @param dst Domain separation tag, at most 255 bytes.
    function verify(
        bytes memory key,
        bytes memory message,
        bytes memory dst,
        bytes memory signature
    ) internal view returns (bool) {
        // INVARIANT: infinity would do for one whose key is infinity, too.
        if (_isInfinity(signature)) return false;
        // e(signature, -G2) · e(hash, key) = 1
        bytes memory pairs = bytes.concat(signature, MINUS_GENERATOR, hashToG1(message, dst), key);
        return _wordOf(_call(PAIRING, PAIRING_GAS, pairs, 32), 0) == 1;
    }

    /// @notice Sum of two points of the curve of G2.
    function add(bytes memory a, bytes memory b) internal view returns (bytes memory) {
        return _call(G2_ADD, G2_ADD_GAS, bytes.concat(a, b), G2_LENGTH);
    }

    /// @notice Adds up two points of the curve of G2, one after the other in `pair`: the sum takes the place of the first.
    function addUp(bytes memory pair) internal view {
        _callInto(G2_ADD, G2_ADD_GAS, pair, pair, G2_LENGTH);
    }

    /// @notice Negative of a point of the curve of G2.
    function negate(bytes memory point) internal pure returns (bytes memory) {
        return bytes.concat(_element(point, 0), _element(point, 2), _negateElement(point, 4), _negateElement(point, 6));
    }

    /// @notice The 96 bytes that a point of G2 other than infinity has in the draft.
    function compress(bytes memory point) internal pure returns (bytes memory) {
        bool isGreater = _isZero(point, 6) ? _isAboveHalf(point, 4) : _isAboveHalf(point, 6);
        uint256 flags = isGreater ? 0xa0 << 120 : 0x80 << 120;
        return
            bytes.concat(
                bytes16(uint128(_wordOf(point, 2) | flags)),
                bytes32(_wordOf(point, 3)),
                bytes16(uint128(_wordOf(point, 0))),
                bytes32(_wordOf(point, 1))
            );
    }

    /// @notice RFC 9380, hash_to_curve.
    function hashToG1(bytes memory message, bytes memory dst) internal view returns (bytes memory) {
        bytes memory dstPrime = bytes.concat(dst, bytes1(uint8(dst.length)));
        // expand_message_xmd: a block of zeros, the message, and the length of what is wanted, 128.
        bytes32 b0 = sha256(bytes.concat(new bytes(64), message, hex"008000", dstPrime));
        bytes32 b1 = sha256(bytes.concat(b0, hex"01", dstPrime));
        bytes32 b2 = sha256(bytes.concat(b0 ^ b1, hex"02", dstPrime));
        bytes32 b3 = sha256(bytes.concat(b0 ^ b2, hex"03", dstPrime));
        bytes32 b4 = sha256(bytes.concat(b0 ^ b3, hex"04", dstPrime));
        // The map clears the cofactor of either, which is the same as clearing that of the sum.
        return _call(G1_ADD, G1_ADD_GAS, bytes.concat(_mapToG1(b1, b2), _mapToG1(b3, b4)), G1_LENGTH);
    }

    /// @dev The point that 64 bytes, taken for a field element, are mapped to.
    function _mapToG1(bytes32 high, bytes32 low) private view returns (bytes memory) {
        // The number to the power of 1: lengths of base, exponent and modulus first.
        bytes memory power = bytes.concat(
            abi.encode(64, 1, 64, high, low),
            hex"01",
            abi.encode(MODULUS_HIGH, MODULUS_LOW)
        );
        return _call(MAP_TO_G1, MAP_TO_G1_GAS, _call(MODEXP, MODEXP_GAS, power, 64), G1_LENGTH);
    }

    /// @dev The field element at word `index`, 64 bytes.
    function _element(bytes memory point, uint256 index) private pure returns (bytes memory) {
        return abi.encode(_wordOf(point, index), _wordOf(point, index + 1));
    }

    function _negateElement(bytes memory point, uint256 index) private pure returns (bytes memory) {
        if (_isZero(point, index)) return new bytes(64);
        uint256 low = _wordOf(point, index + 1);
        // unchecked: an element is below the modulus; the lower word may borrow.
        unchecked {
            uint256 high = MODULUS_HIGH - _wordOf(point, index) - (low > MODULUS_LOW ? 1 : 0);
            return abi.encode(high, MODULUS_LOW - low);
        }
    }

    function _isAboveHalf(bytes memory point, uint256 index) private pure returns (bool) {
        uint256 high = _wordOf(point, index);
        return high > HALF_HIGH || (high == HALF_HIGH && _wordOf(point, index + 1) > HALF_LOW);
    }

    function _isZero(bytes memory point, uint256 index) private pure returns (bool) {
        return (_wordOf(point, index) | _wordOf(point, index + 1)) == 0;
    }

    function _isInfinity(bytes memory point) private pure returns (bool) {
        return _isZero(point, 0) && _isZero(point, 2);
    }

    /// @param index Of a word that `data` have.
    function _wordOf(bytes memory data, uint256 index) private pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := mload(add(add(data, 0x20), shl(5, index)))
        }
    }

    /// @param length Bytes that it answers with.
    function _call(
        address precompile,
        uint256 gasLimit,
        bytes memory input,
        uint256 length
    ) private view returns (bytes memory output) {
        output = new bytes(length);
        _callInto(precompile, gasLimit, input, output, length);
    }

    /// @dev Writes the answer, of `length` bytes, to the begin of `output`.
    function _callInto(
        address precompile,
        uint256 gasLimit,
        bytes memory input,
        bytes memory output,
        uint256 length
    ) private view {
        uint256 available = gasleft();
        bool success;
        assembly ("memory-safe") {
            success := staticcall(gasLimit, precompile, add(input, 0x20), mload(input), add(output, 0x20), length)
            success := and(success, eq(returndatasize(), length))
        }
        if (success) return;
        // INVARIANT: a call has 63 of 64 parts of the gas at most; with less than its limit, it says nothing of the input.
        if (available < gasLimit + gasLimit / 63 + CALL_GAS) revert Bls12381OutOfGas(precompile, gasLimit);
        revert Bls12381PrecompileFailed(precompile);
    }
}
