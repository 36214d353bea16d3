// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Bls12381} from "../libraries/Bls12381.sol";
import {StoredCode} from "../libraries/StoredCode.sol";
import {IBlsKeys} from "./IBlsKeys.sol";

/// @title BlsKeys
/// @notice Keeps keys of BLS12-381 with a proof of possession. Without owner and storage.
/// @dev Invariants:
/// 1. Code at an address that this contract creates with salt 0 is a key in the subgroup of G2, not infinity, whose secret
///    somebody knows: so nobody's key is made of those of others, and a sum of keys is signed for by all of them.
/// 2. Each key has one address, each address one key.
contract BlsKeys is IBlsKeys {
    /// @notice Tells proofs of possession from signatures of anything else.
    bytes public constant POSSESSION_DST = "BLS_POP_BLS12381G1_XMD:SHA-256_SSWU_RO_POP_";

    /// @inheritdoc IBlsKeys
    function prove(bytes calldata key, bytes calldata proof) external returns (address member) {
        if (key.length != Bls12381.G2_LENGTH || proof.length != Bls12381.G1_LENGTH)
            revert BlsKeysLength(key.length, proof.length);
        // INVARIANT: that the proof is not infinity keeps infinity out as a key.
        if (!Bls12381.verify(key, Bls12381.compress(key), POSSESSION_DST, proof)) revert BlsKeysWrongProof();
        member = StoredCode.storeOnce(key);
        emit KeyProven(member, key);
    }
}
