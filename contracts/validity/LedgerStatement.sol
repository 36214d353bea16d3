// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {BatchHeader} from "../libraries/BatchHeader.sol";
import {InboxMessage, MessageKind} from "../libraries/InboxMessage.sol";

/// @notice The rollup that a statement is about.
struct LedgerDomain {
    uint256 l2ChainId;
    address bridge;
}

/// @title LedgerStatement
/// @notice What the proof of a segment states: its elements d, and r and y, which L1 computes from them. See
/// docs/validity.md §2 and §3.
/// @dev Elements are collected in a memory array whose room the caller chose; `count` says how many are there.
library LedgerStatement {
    /// @notice Element `index` is not below the order of the circuit's field, so it would stand for another number too.
    error LedgerStatementElement(uint256 index, uint256 value);
    /// @notice The registration of `owner` is signed by another account.
    error LedgerStatementSignature(address owner, address signer);

    /// @notice Order of the BN254 scalar field.
    uint256 internal constant FIELD_ORDER =
        21888242871839275222246405745257275088548364400416034343698204186575808495617;

    /// @dev Kinds of operations.
    uint256 private constant DEPOSIT = 1;
    uint256 private constant WITHDRAW = 2;
    uint256 private constant WITHDRAW_ALL = 3;
    uint256 private constant REGISTER = 4;
    uint256 private constant CHANGE_KEY = 5;
    uint256 private constant CREATE = 6;

    /// @dev Data of a message that changes a key: 0x01, the token and the two coordinates.
    uint256 private constant CHANGE_KEY_LENGTH = 85;

    bytes32 private constant CONTEXT_DOMAIN = keccak256("hardhat-rollup.validity.context.v1");
    bytes32 private constant TX_DOMAIN = keccak256("hardhat-rollup.validity.tx.v1");
    bytes32 private constant STATEMENT_DOMAIN = keccak256("hardhat-rollup.validity.statement.v1");
    bytes32 private constant EIP712_DOMAIN_TYPEHASH = keccak256(
        "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
    );
    bytes32 private constant REGISTRATION_TYPEHASH = keccak256(
        "Registration(address owner,address token,uint256 ax,uint256 ay)"
    );

    /* ELEMENTS */

    /// @notice d0 of a segment: the place where its transition happens. A proof of another batch, submitter, range of the
    /// inbox, bridge or chain has another.
    function contextOf(
        LedgerDomain memory domain,
        BatchHeader calldata header,
        uint256 segment
    ) internal view returns (uint256) {
        return
            uint256(
                keccak256(
                    abi.encode(
                        CONTEXT_DOMAIN,
                        block.chainid,
                        domain.l2ChainId,
                        domain.bridge,
                        header.index,
                        segment,
                        header.submitter,
                        header.inboxTo,
                        header.inboxAcc,
                        header.l2BlockTo
                    )
                )
            ) >> 8;
    }

    /// @notice d1: what every signature of a transfer holds.
    function txDomainOf(LedgerDomain memory domain) internal view returns (uint256) {
        return uint256(keccak256(abi.encode(TX_DOMAIN, block.chainid, domain.l2ChainId, domain.bridge))) >> 8;
    }

    /// @notice Appends four elements.
    function push4(
        uint256[] memory elements,
        uint256 count,
        uint256 e1,
        uint256 e2,
        uint256 e3,
        uint256 e4
    ) internal pure returns (uint256) {
        // Bounds are checked once: the last index is the greatest.
        elements[count + 3] = e4;
        assembly ("memory-safe") {
            let at := add(add(elements, 0x20), shl(5, count))
            mstore(at, e1)
            mstore(add(at, 0x20), e2)
            mstore(add(at, 0x40), e3)
        }
        return count + 4;
    }

    /// @notice Appends the operation that an inbox message is; a forced transaction that changes no key is none.
    function pushMessage(
        uint256[] memory elements,
        uint256 count,
        InboxMessage memory message
    ) internal pure returns (uint256) {
        (address sender, address target, address token) = (message.sender, message.target, message.token);
        uint256 amount = message.amount;
        if (message.kind == MessageKind.Deposit) {
            return push4(elements, count, _owner(target, DEPOSIT), uint160(token), uint160(sender), amount);
        }
        if (message.kind == MessageKind.Withdrawal) {
            bool all = amount == type(uint256).max;
            uint256 kind = all ? WITHDRAW_ALL : WITHDRAW;
            return push4(elements, count, _owner(sender, kind), uint160(token), uint160(target), all ? 0 : amount);
        }

        bytes memory data = message.data;
        if (data.length != CHANGE_KEY_LENGTH || data[0] != 0x01) return count;
        uint256 ax;
        uint256 ay;
        assembly ("memory-safe") {
            token := shr(96, mload(add(data, 0x21)))
            ax := mload(add(data, 0x35))
            ay := mload(add(data, 0x55))
        }
        // (0, 0) is no key: whoever could take his away would let an old registration stand again.
        if (ax >= FIELD_ORDER || ay >= FIELD_ORDER || (ax | ay) == 0) return count;
        return push4(elements, count, _owner(sender, CHANGE_KEY), uint160(token), ax, ay);
    }

    /// @notice Appends the creation of an empty leaf.
    function pushCreate(
        uint256[] memory elements,
        uint256 count,
        address owner,
        address token
    ) internal pure returns (uint256) {
        return push4(elements, count, _owner(owner, CREATE), uint160(token), 0, 0);
    }

    /// @notice Appends the registration of a key. Reverts unless its owner signed it.
    /// @param r Of the signature, as `vs`: EIP-2098.
    function pushRegister(
        uint256[] memory elements,
        uint256 count,
        address bridge,
        address owner,
        address token,
        uint256 ax,
        uint256 ay,
        bytes32 r,
        bytes32 vs
    ) internal view returns (uint256) {
        bytes32 registration = keccak256(abi.encode(REGISTRATION_TYPEHASH, owner, token, ax, ay));
        address signer = ECDSA.recover(MessageHashUtils.toTypedDataHash(_domainSeparator(bridge), registration), r, vs);
        // INVARIANT: only its owner gives a leaf its first key. (Zero never signs: recovering it reverts.)
        if (signer != owner) revert LedgerStatementSignature(owner, signer);
        return push4(elements, count, _owner(owner, REGISTER), uint160(token), ax, ay);
    }

    /// @notice Appends transfers, two in an element.
    /// @param at Position of the first; all are in `data`.
    function pushTransfers(
        uint256[] memory elements,
        uint256 count,
        bytes calldata data,
        uint256 at,
        uint256 transfers
    ) internal pure returns (uint256) {
        uint256 more = (transfers + 1) >> 1;
        if (more == 0) return count;
        // Bounds are checked once, as in `push4`.
        elements[count + more - 1] = 0;
        // A transfer has 14 bytes: a pair is the upper 28 of a word. Behind a last odd one lies something else.
        assembly ("memory-safe") {
            let from := add(data.offset, at)
            let to := add(add(elements, 0x20), shl(5, count))
            let end := add(to, shl(5, more))
            // Eight at once: the loop itself would cost more than its body.
            for {} lt(add(to, 0xe0), end) {
                to := add(to, 0x100)
            } {
                mstore(to, shr(32, calldataload(from)))
                mstore(add(to, 0x20), shr(32, calldataload(add(from, 28))))
                mstore(add(to, 0x40), shr(32, calldataload(add(from, 56))))
                mstore(add(to, 0x60), shr(32, calldataload(add(from, 84))))
                mstore(add(to, 0x80), shr(32, calldataload(add(from, 112))))
                mstore(add(to, 0xa0), shr(32, calldataload(add(from, 140))))
                mstore(add(to, 0xc0), shr(32, calldataload(add(from, 168))))
                mstore(add(to, 0xe0), shr(32, calldataload(add(from, 196))))
                from := add(from, 224)
            }
            for {} lt(to, end) {
                to := add(to, 0x20)
            } {
                mstore(to, shr(32, calldataload(from)))
                from := add(from, 28)
            }
            if and(transfers, 1) {
                let last := sub(end, 0x20)
                mstore(last, shl(112, shr(112, mload(last))))
            }
        }
        return count + more;
    }

    /* PUBLIC INPUTS */

    /// @notice The public inputs r and y of elements d and their hash h. Reverts unless all are below the field's order.
    /// @param elements d, then one more word of room, which is overwritten by h.
    function inputsOf(uint256[] memory elements, uint256 h) internal pure returns (uint256 r, uint256 y) {
        uint256 count = elements.length - 1;
        elements[count] = h;
        uint256 small;
        // unchecked arithmetic as everywhere in assembly: sizes of memory arrays are far below 2^255.
        assembly ("memory-safe") {
            let at := add(elements, 0x20)
            let end := add(at, shl(5, count))
            r := mod(keccak256(at, sub(add(end, 0x20), at)), FIELD_ORDER)
            small := lt(h, FIELD_ORDER)
            let r2 := mulmod(r, r, FIELD_ORDER)
            let r3 := mulmod(r2, r, FIELD_ORDER)
            let r4 := mulmod(r2, r2, FIELD_ORDER)
            let a
            let b
            let c
            let d
            // Eight at once, as above.
            for {} lt(add(at, 0xe0), end) {
                at := add(at, 0x100)
            } {
                a := mload(at)
                b := mload(add(at, 0x20))
                c := mload(add(at, 0x40))
                d := mload(add(at, 0x60))
                small := and(
                    small,
                    and(and(lt(a, FIELD_ORDER), lt(b, FIELD_ORDER)), and(lt(c, FIELD_ORDER), lt(d, FIELD_ORDER)))
                )
                // Four numbers below the order have a sum below 2^256.
                y := add(
                    add(mulmod(y, r4, FIELD_ORDER), mulmod(a, r3, FIELD_ORDER)),
                    add(mulmod(b, r2, FIELD_ORDER), mulmod(c, r, FIELD_ORDER))
                )
                y := addmod(y, d, FIELD_ORDER)
                a := mload(add(at, 0x80))
                b := mload(add(at, 0xa0))
                c := mload(add(at, 0xc0))
                d := mload(add(at, 0xe0))
                small := and(
                    small,
                    and(and(lt(a, FIELD_ORDER), lt(b, FIELD_ORDER)), and(lt(c, FIELD_ORDER), lt(d, FIELD_ORDER)))
                )
                // Four numbers below the order have a sum below 2^256.
                y := add(
                    add(mulmod(y, r4, FIELD_ORDER), mulmod(a, r3, FIELD_ORDER)),
                    add(mulmod(b, r2, FIELD_ORDER), mulmod(c, r, FIELD_ORDER))
                )
                y := addmod(y, d, FIELD_ORDER)
            }
            for {} lt(at, end) {
                at := add(at, 0x20)
            } {
                let element := mload(at)
                small := and(small, lt(element, FIELD_ORDER))
                y := addmod(mulmod(y, r, FIELD_ORDER), element, FIELD_ORDER)
            }
        }
        // INVARIANT: a number of the circuit stands here in one form only.
        if (small == 0) _revertElement(elements);
    }

    /// @notice The data hash of a batch: what stands for its data below, for its form, and for all its public inputs.
    /// @param inputsHash keccak256 of h, r and y of every segment, in order.
    function hashOf(bytes32 belowHash, bool isOnL1, bytes32 inputsHash) internal pure returns (bytes32) {
        return keccak256(abi.encode(STATEMENT_DOMAIN, belowHash, isOnL1, inputsHash));
    }

    /* PRIVATE */

    function _owner(address owner, uint256 kind) private pure returns (uint256) {
        return uint160(owner) | (kind << 160);
    }

    function _domainSeparator(address bridge) private view returns (bytes32) {
        return
            keccak256(
                abi.encode(
                    EIP712_DOMAIN_TYPEHASH,
                    keccak256("hardhat-rollup validity"),
                    keccak256("1"),
                    block.chainid,
                    bridge
                )
            );
    }

    function _revertElement(uint256[] memory elements) private pure {
        for (uint256 i = 0; i < elements.length; ++i) {
            if (elements[i] >= FIELD_ORDER) revert LedgerStatementElement(i, elements[i]);
        }
    }
}
