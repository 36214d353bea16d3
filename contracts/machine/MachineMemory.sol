// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Bytes} from "@openzeppelin/contracts/utils/Bytes.sol";
import {MachineTree} from "./MachineTree.sol";
import {Witness, WitnessReader} from "./WitnessReader.sol";

/// @notice A node of the memory tree, as it was before the step and as it is now.
/// @param index Its number among the nodes of its height.
struct Node {
    uint256 index;
    bytes32 oldValue;
    bytes32 newValue;
}

/// @notice Nodes of one height, ascending.
/// @param list The first `count` are there.
struct Nodes {
    uint256 count;
    Node[4] list;
}

/// @notice Memory as one instruction sees it.
/// @param isTrapped From a trap on nothing is touched any more: what is read is 0, what is written is lost.
/// @param witness Where leaves and siblings come from.
/// @param slots Leaves of the half with globals, table and frames.
/// @param linear Nodes of the half with linear memory: leaves, or one subtree at the begin of a host page.
/// @param linearHeight Height of `linear`.
/// @param head Content of that subtree, in front of a host page.
struct StepMemory {
    bool isTrapped;
    Witness witness;
    Nodes slots;
    Nodes linear;
    uint256 linearHeight;
    bytes head;
}

/// @title MachineMemory
/// @notice The memory of one step: each leaf is read from the witness when it is first touched, then kept; at the end
/// the leaves are folded to the root as they were and to the root as they are, with the same siblings.
/// @dev No instruction touches more than four slots and two leaves of linear memory.
library MachineMemory {
    using WitnessReader for Witness;

    /// @notice First slot that instructions may name: linear memory ends, globals begin.
    uint256 internal constant GLOBALS_SLOT = 1 << 25;
    uint256 internal constant TABLE_SLOT = GLOBALS_SLOT + (1 << 16);
    /// @notice No slot and no frame is as high.
    uint256 internal constant END_SLOT = 1 << 26;
    /// @notice Bytes of a host page.
    uint256 internal constant HOST_PAGE = 4096;

    /// @dev Heights of the memory tree's two halves, and of a host page.
    uint256 private constant HALF_HEIGHT = 23;
    uint256 private constant PAGE_HEIGHT = 7;
    uint256 private constant LEAF = 32;

    /// @notice The u64 in a slot; a trap where there is no such slot.
    function slot(StepMemory memory self, uint256 index) internal pure returns (uint256) {
        if (!_isSlot(self, index)) return 0;
        uint256 leaf = uint256(_leaf(self, self.slots, index >> 2).newValue);
        return _reverse((leaf << (64 * (index & 3))) >> 192);
    }

    /// @notice Puts a u64 into a slot; a trap where there is no such slot.
    function setSlot(StepMemory memory self, uint256 index, uint256 value) internal pure {
        if (!_isSlot(self, index)) return;
        Node memory node = _leaf(self, self.slots, index >> 2);
        uint256 shift = 192 - 64 * (index & 3);
        node.newValue = bytes32(
            (uint256(node.newValue) & ~(uint256(type(uint64).max) << shift)) | (_reverse(value) << shift)
        );
    }

    /// @notice The unsigned number in `size` bytes of linear memory. The caller has checked the range.
    /// @param size 1, 2, 4 or 8.
    function load(StepMemory memory self, uint256 at, uint256 size) internal pure returns (uint256) {
        if (self.isTrapped) return 0;
        (Node memory low, Node memory high, uint256 from) = _leaves(self, at, size);
        uint256 bytesAt = uint256(low.newValue) << (8 * from);
        if (from + size > LEAF) bytesAt |= uint256(high.newValue) >> (8 * (LEAF - from));
        return _reverse(bytesAt >> 192) & (type(uint256).max >> (256 - 8 * size));
    }

    /// @notice Puts the low `size` bytes of `value` into linear memory. The caller has checked the range.
    function store(StepMemory memory self, uint256 at, uint256 size, uint256 value) internal pure {
        if (self.isTrapped) return;
        (Node memory low, Node memory high, uint256 from) = _leaves(self, at, size);
        uint256 mask = type(uint256).max << (256 - 8 * size);
        uint256 bytesAt = (_reverse(value & type(uint64).max) << 192) & mask;
        low.newValue = bytes32((uint256(low.newValue) & ~(mask >> (8 * from))) | (bytesAt >> (8 * from)));
        if (from + size > LEAF) {
            uint256 done = 8 * (LEAF - from);
            high.newValue = bytes32((uint256(high.newValue) & ~(mask << done)) | (bytesAt << done));
        }
    }

    /// @notice The smallest subtree at the begin of a host page that has `length` bytes. Called once, before any trap.
    /// @return head Its content; the caller does not change it.
    function readHead(StepMemory memory self, uint256 page, uint256 length) internal pure returns (bytes memory head) {
        uint256 height = 0;
        while (LEAF << height < length) ++height;
        head = self.witness.take(LEAF << height);
        bytes32 root = MachineTree.subtreeRoot(head);
        self.head = head;
        self.linear.count = 1;
        self.linear.list[0] = Node(page / (LEAF << height), root, root);
        self.linearHeight = height;
    }

    /// @notice Writes the first 32 bytes of the subtree that was read.
    function writeHead(StepMemory memory self, bytes32 value) internal pure {
        bytes memory head = self.head;
        assembly ("memory-safe") {
            mstore(add(head, 0x20), value)
        }
        self.linear.list[0].newValue = MachineTree.subtreeRoot(head);
    }

    /// @notice Writes the whole host page of which the first leaf was read.
    /// @param content HOST_PAGE bytes.
    function writePage(StepMemory memory self, bytes memory content) internal pure {
        Node memory node = self.linear.list[0];
        // The first leaf of a page is on the left at every height.
        node.oldValue = MachineTree.root(node.oldValue, 0, self.witness.take(LEAF * PAGE_HEIGHT));
        node.newValue = MachineTree.subtreeRoot(content);
        node.index >>= PAGE_HEIGHT;
        self.linearHeight = PAGE_HEIGHT;
    }

    /// @notice Roots before and after the step. Only called if anything was touched.
    function fold(StepMemory memory self) internal pure returns (bytes32 oldRoot, bytes32 newRoot) {
        // Whatever touches linear memory has read a slot first.
        (bytes32 oldRight, bytes32 newRight) = _fold(self.slots, 0, self.witness);
        bytes32 oldLeft;
        bytes32 newLeft;
        if (self.linear.count == 0) oldLeft = newLeft = self.witness.word();
        else (oldLeft, newLeft) = _fold(self.linear, self.linearHeight, self.witness);
        return (MachineTree.node(oldLeft, oldRight), MachineTree.node(newLeft, newRight));
    }

    /// @dev Folds to the root of a half. INVARIANT: indices at `height` are below 2^(24 - height), so no bit is lost.
    function _fold(
        Nodes memory nodes,
        uint256 height,
        Witness memory witness
    ) private pure returns (bytes32 oldRoot, bytes32 newRoot) {
        Node[4] memory list = nodes.list;
        uint256 count = nodes.count;
        for (; count > 1; ++height) {
            uint256 parents = 0;
            for (uint256 i = 0; i < count; ++i) {
                Node memory node = list[i];
                bool isLeft = node.index & 1 == 0;
                bytes32 oldSibling;
                bytes32 newSibling;
                if (isLeft && i + 1 < count && list[i + 1].index == node.index + 1) {
                    ++i;
                    (oldSibling, newSibling) = (list[i].oldValue, list[i].newValue);
                } else {
                    oldSibling = newSibling = witness.word();
                }
                if (isLeft) {
                    node.oldValue = MachineTree.node(node.oldValue, oldSibling);
                    node.newValue = MachineTree.node(node.newValue, newSibling);
                } else {
                    node.oldValue = MachineTree.node(oldSibling, node.oldValue);
                    node.newValue = MachineTree.node(newSibling, node.newValue);
                }
                node.index >>= 1;
                list[parents] = node;
                ++parents;
            }
            count = parents;
        }
        // One path is left, for all leaves are in one half.
        Node memory last = list[0];
        bytes calldata siblings = witness.take(LEAF * (HALF_HEIGHT - height));
        oldRoot = MachineTree.root(last.oldValue, last.index, siblings);
        newRoot = last.newValue == last.oldValue ? oldRoot : MachineTree.root(last.newValue, last.index, siblings);
    }

    /// @dev Whether the slot can be touched; a trap if it is none.
    function _isSlot(StepMemory memory self, uint256 index) private pure returns (bool) {
        if (index < GLOBALS_SLOT || index >= END_SLOT) self.isTrapped = true;
        return !self.isTrapped;
    }

    /// @dev The one or two leaves under an access, the lower first; `high` is `low` where there is one.
    function _leaves(
        StepMemory memory self,
        uint256 at,
        uint256 size
    ) private pure returns (Node memory low, Node memory high, uint256 from) {
        from = at % LEAF;
        high = low = _leaf(self, self.linear, at / LEAF);
        if (from + size > LEAF) high = _leaf(self, self.linear, at / LEAF + 1);
    }

    /// @dev The kept leaf; the first touch takes it from the witness and puts it into its place among the others.
    function _leaf(StepMemory memory self, Nodes memory nodes, uint256 index) private pure returns (Node memory node) {
        uint256 place = nodes.count;
        for (; place > 0; --place) {
            node = nodes.list[place - 1];
            if (node.index == index) return node;
            if (node.index < index) break;
        }
        for (uint256 i = nodes.count; i > place; --i) nodes.list[i] = nodes.list[i - 1];
        bytes32 value = self.witness.word();
        node = nodes.list[place] = Node(index, value, value);
        ++nodes.count;
    }

    /// @dev The u64 with its eight bytes in the other order. Memory is little-endian.
    function _reverse(uint256 value) private pure returns (uint256) {
        return uint64(Bytes.reverseBytes8(bytes8(uint64(value))));
    }
}
