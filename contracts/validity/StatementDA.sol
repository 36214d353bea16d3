// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {Hashes} from "@openzeppelin/contracts/utils/cryptography/Hashes.sol";
import {IInbox} from "../bridge/IInbox.sol";
import {IDataAvailability} from "../da/IDataAvailability.sol";
import {BatchHeader} from "../libraries/BatchHeader.sol";
import {InboxMessage} from "../libraries/InboxMessage.sol";
import {MerkleTree} from "../libraries/MerkleTree.sol";
import {LedgerDomain, LedgerStatement} from "./LedgerStatement.sol";

/// @title StatementDA
/// @notice Stands between a chain that requires proofs and the layer where its data live: reads the data, and makes the
/// data hash stand for what each segment's proof must state. See docs/validity.md §4.
/// @dev Stateless. Invariants:
/// - Behind every data hash of this layer stand data that decode in one way, consume exactly the inbox messages of their
///   header, leave its state root and its withdrawals, and are signed where L1 is asked to check a signature.
/// - What a batch lacks is at most a proof: no data can be posted that cannot be told from malformed ones.
contract StatementDA is IDataAvailability {
    using LedgerStatement for uint256[];

    /// @notice Neighbours.
    /// @param below Where the data live.
    /// @param bridge The bridge, which is the inbox.
    /// @param l2ChainId Chain id of the L2.
    struct Parameters {
        IDataAvailability below;
        address bridge;
        uint256 l2ChainId;
    }

    /// @dev What reading a batch carries from segment to segment.
    /// @param at Position in the data, in bytes.
    /// @param segment The next segment, as `message` the next inbox message.
    /// @param stateRoot After the last segment.
    /// @param transfers How many there were, here or with a committee.
    /// @param leafCount How many of `leaves`, those of the withdrawals tree, are there.
    /// @param transferHashes That of each segment, where transfers are with a committee.
    struct Reading {
        uint256 at;
        uint256 segment;
        uint256 message;
        uint256 stateRoot;
        uint256 transfers;
        uint256 leafCount;
        bytes32[] leaves;
        uint256[] transferHashes;
    }

    /// @notice A constructor parameter that must not be zero is.
    error StatementZeroParameter(string name);
    /// @notice The data of form `form` cannot be proven: the circuit has another field.
    error StatementForm(uint8 form);
    /// @notice There are `length` bytes where at least `needed` must be.
    error StatementTruncated(uint256 needed, uint256 length);
    /// @notice Behind the last segment, which ends at `at`, there is something.
    error StatementTrailing(uint256 at, uint256 length);
    /// @notice Data in calldata are not shown a second time.
    error StatementShownTwice(uint256 length);
    /// @notice The version of the data is 2.
    error StatementVersion(uint256 version);
    /// @notice The data have `segments` segments, the header `blocks` L2 blocks; at least one of both.
    error StatementSegments(uint256 segments, uint256 blocks);
    /// @notice The segments consume `messages` of the `shown` messages.
    error StatementMessages(uint256 messages, uint256 shown);
    /// @notice The shown messages do not lead to the accumulator in the header.
    error StatementInbox(bytes32 computed, bytes32 expected);
    /// @notice A segment carries operations of kind 4 and 6, not of `kind`.
    error StatementOperation(uint256 kind);
    /// @notice A segment has at most `limit` operations.
    error StatementOperations(uint256 operations, uint256 limit);
    /// @notice The last segment leaves another state root than the header.
    error StatementStateRoot(uint256 stateRoot, bytes32 expected);
    /// @notice The withdrawals of the data have another root than the header.
    error StatementWithdrawals(bytes32 computed, bytes32 expected);
    /// @notice What the committee attests is not what is shown.
    error StatementCertificate(bytes32 computed, bytes32 attested);

    /* IMMUTABLES AND CONSTANTS */

    /// @notice First byte of the data.
    uint256 public constant VERSION = 2;
    uint8 private constant FORM_CALLDATA = 0;
    uint8 private constant FORM_BLOBS = 1;
    uint256 private constant KIND_REGISTER = 4;
    uint256 private constant KIND_CREATE = 6;
    uint256 private constant MAX_OPERATIONS = type(uint16).max;
    /// @dev Lengths in bytes: of what stands before the segments, of a segment's head, and of what follows it.
    uint256 private constant CHUNK_ROOT = 32;
    uint256 private constant START = 3;
    uint256 private constant HEAD = 84;
    uint256 private constant REGISTER = 169;
    uint256 private constant CREATE = 41;
    uint256 private constant WITHDRAWAL = 92;
    uint256 private constant TRANSFER = 14;
    uint256 private constant TRANSFERS_HASH = 32;
    /// @dev Elements of a segment before its operations.
    uint256 private constant HEAD_ELEMENTS = 5;
    bytes32 private constant DATA_DOMAIN = keccak256("hardhat-rollup.data.v1");
    bytes32 private constant WITHDRAWAL_DOMAIN = keccak256("hardhat-rollup.withdrawal.v1");
    bytes32 private constant EMPTY_HASH = keccak256("");

    IDataAvailability private immutable BELOW;
    address private immutable BRIDGE;
    uint256 private immutable L2_CHAIN_ID;

    /* CONSTRUCTOR */

    constructor(Parameters memory p) {
        if (address(p.below) == address(0)) revert StatementZeroParameter("below");
        if (p.bridge == address(0)) revert StatementZeroParameter("bridge");
        if (p.l2ChainId == 0) revert StatementZeroParameter("l2ChainId");
        BELOW = p.below;
        BRIDGE = p.bridge;
        L2_CHAIN_ID = p.l2ChainId;
    }

    /* POSTING */

    /// @inheritdoc IDataAvailability
    /// @param daInput `abi.encode(InboxMessage[] consumed, bytes shown, bytes below)`: the inbox messages of the batch; what
    /// L1 is shown of data that are not in calldata; and the input of the layer below.
    function commit(BatchHeader calldata header, bytes calldata daInput) external returns (bytes32 dataHash) {
        bytes calldata shown = _bytesAt(daInput, 1);
        bytes calldata below = _bytesAt(daInput, 2);
        _require(below, 1);
        uint8 form = uint8(bytes1(below));
        if (form == FORM_BLOBS) revert StatementForm(form);
        if (form == FORM_CALLDATA && shown.length != 0) revert StatementShownTwice(shown.length);
        if (form != FORM_CALLDATA) _require(shown, CHUNK_ROOT);

        bytes32 belowHash = BELOW.commit(header, below);
        // Decodes only the first of the three.
        InboxMessage[] memory consumed = abi.decode(daInput, (InboxMessage[]));
        _checkInbox(header, consumed);
        if (form == FORM_CALLDATA) {
            (bytes32 inputsHash, ) = _read(header, consumed, below[1:], true);
            return LedgerStatement.hashOf(belowHash, true, inputsHash);
        }
        (bytes32 inputsOfShown, Reading memory reading) = _read(header, consumed, shown[CHUNK_ROOT:], false);
        _checkCertificate(belowHash, shown, reading);
        return LedgerStatement.hashOf(belowHash, false, inputsOfShown);
    }

    /* VIEWS */

    /// @notice The immutables.
    function parameters() external view returns (Parameters memory) {
        return Parameters({below: BELOW, bridge: BRIDGE, l2ChainId: L2_CHAIN_ID});
    }

    /* PRIVATE */

    /// @dev Reads the whole of the data.
    /// @return inputsHash keccak256 of the public inputs of all segments.
    function _read(
        BatchHeader calldata header,
        InboxMessage[] memory consumed,
        bytes calldata data,
        bool isOnL1
    ) private view returns (bytes32 inputsHash, Reading memory reading) {
        _require(data, START);
        uint256 head = _word(data, 0) >> 232;
        if (head >> 16 != VERSION) revert StatementVersion(head >> 16);
        uint256 segments = head & 0xffff;
        uint256 blocks = header.l2BlockTo - header.l2BlockFrom;
        if (segments == 0 || segments != blocks) revert StatementSegments(segments, blocks);

        reading.at = START;
        reading.stateRoot = uint256(header.prevStateRoot);
        reading.leaves = new bytes32[](data.length / WITHDRAWAL);
        if (!isOnL1) reading.transferHashes = new uint256[](segments);
        LedgerDomain memory domain = LedgerDomain(L2_CHAIN_ID, BRIDGE);
        uint256 txDomain = LedgerStatement.txDomainOf(domain);
        uint256[] memory inputs = new uint256[](3 * segments);
        for (uint256 i = 0; i < segments; ++i) {
            (uint256[] memory elements, uint256 h) = _readSegment(data, consumed, isOnL1, reading);
            elements[0] = LedgerStatement.contextOf(domain, header, i);
            elements[1] = txDomain;
            (uint256 r, uint256 y) = elements.inputsOf(h);
            (inputs[3 * i], inputs[3 * i + 1], inputs[3 * i + 2]) = (h, r, y);
        }
        inputsHash = keccak256(abi.encodePacked(inputs));

        if (reading.at != data.length) revert StatementTrailing(reading.at, data.length);
        // INVARIANT: no message is skipped, none consumed that the header does not name.
        if (reading.message != consumed.length) revert StatementMessages(reading.message, consumed.length);
        if (bytes32(reading.stateRoot) != header.stateRoot) {
            revert StatementStateRoot(reading.stateRoot, header.stateRoot);
        }
        bytes32 root = MerkleTree.rootOf(_shortened(reading.leaves, reading.leafCount));
        if (root != header.withdrawalsRoot) revert StatementWithdrawals(root, header.withdrawalsRoot);
    }

    /// @dev Reads a segment.
    /// @return elements Its elements but for the first two, and a word of room.
    function _readSegment(
        bytes calldata data,
        InboxMessage[] memory consumed,
        bool isOnL1,
        Reading memory reading
    ) private view returns (uint256[] memory elements, uint256 h) {
        uint256 at = reading.at;
        _require(data, at + HEAD);
        uint256 counts = _word(data, at) >> 96;
        (uint256 messages, uint256 operations) = (counts >> 144, (counts >> 128) & 0xffff);
        (uint256 transfers, uint256 withdrawals) = ((counts >> 112) & 0xffff, (counts >> 96) & 0xffff);
        uint256 nonce = (counts >> 32) & type(uint64).max;
        uint256 stateRoot = _word(data, at + 20);
        h = _word(data, at + 52);

        elements = new uint256[](
            HEAD_ELEMENTS + 4 * (messages + operations + withdrawals) + (isOnL1 ? (transfers + 1) / 2 : 1) + 1
        );
        uint256 count = _pushMessages(elements, consumed, messages, reading);
        (count, at) = _pushOperations(elements, count, data, at + HEAD, operations);
        operations = (count - HEAD_ELEMENTS) / 4;
        if (operations > MAX_OPERATIONS) revert StatementOperations(operations, MAX_OPERATIONS);

        uint256 transfersAt = at + withdrawals * WITHDRAWAL;
        reading.at = transfersAt + (isOnL1 ? transfers * TRANSFER : TRANSFERS_HASH);
        _require(data, reading.at);
        if (isOnL1) {
            count = elements.pushTransfers(count, data, transfersAt, transfers);
        } else {
            reading.transferHashes[reading.segment] = elements[count] = _word(data, transfersAt);
            ++count;
        }
        count = _pushWithdrawals(elements, count, data, at, withdrawals, nonce, reading);

        (elements[2], elements[3]) = (reading.stateRoot, stateRoot);
        elements[4] =
            operations |
            (transfers << 16) |
            (withdrawals << 32) |
            (nonce << 48) |
            ((counts & type(uint32).max) << 112);
        reading.stateRoot = stateRoot;
        reading.transfers += transfers;
        ++reading.segment;
        // Messages that are no operation took no room.
        assembly ("memory-safe") {
            mstore(elements, add(count, 1))
        }
    }

    /// @dev Appends the operations that the next inbox messages are.
    function _pushMessages(
        uint256[] memory elements,
        InboxMessage[] memory consumed,
        uint256 messages,
        Reading memory reading
    ) private pure returns (uint256 count) {
        uint256 from = reading.message;
        uint256 to = from + messages;
        if (to > consumed.length) revert StatementMessages(to, consumed.length);
        count = HEAD_ELEMENTS;
        for (uint256 i = from; i < to; ++i) count = elements.pushMessage(count, consumed[i]);
        reading.message = to;
    }

    /// @dev Appends the operations that the segment itself carries.
    function _pushOperations(
        uint256[] memory elements,
        uint256 count,
        bytes calldata data,
        uint256 at,
        uint256 operations
    ) private view returns (uint256, uint256) {
        for (uint256 i = 0; i < operations; ++i) {
            _require(data, at + CREATE);
            uint256 kind = _word(data, at) >> 248;
            address owner = address(uint160(_word(data, at + 1) >> 96));
            address token = address(uint160(_word(data, at + 21) >> 96));
            if (kind == KIND_CREATE) {
                count = elements.pushCreate(count, owner, token);
                at += CREATE;
                continue;
            }
            if (kind != KIND_REGISTER) revert StatementOperation(kind);
            _require(data, at + REGISTER);
            (uint256 ax, uint256 ay) = (_word(data, at + 41), _word(data, at + 73));
            (bytes32 r, bytes32 vs) = (bytes32(_word(data, at + 105)), bytes32(_word(data, at + 137)));
            count = elements.pushRegister({
                count: count,
                bridge: BRIDGE,
                owner: owner,
                token: token,
                ax: ax,
                ay: ay,
                r: r,
                vs: vs
            });
            at += REGISTER;
        }
        return (count, at);
    }

    /// @dev Appends withdrawals, and their leaves to the batch's tree (docs/protocol.md §4).
    function _pushWithdrawals(
        uint256[] memory elements,
        uint256 count,
        bytes calldata data,
        uint256 at,
        uint256 withdrawals,
        uint256 nonce,
        Reading memory reading
    ) private pure returns (uint256) {
        for (uint256 i = 0; i < withdrawals; ++i) {
            (uint256 owner, uint256 target) = (_word(data, at) >> 96, _word(data, at + 20) >> 96);
            (uint256 token, uint256 amount) = (_word(data, at + 40) >> 96, _word(data, at + 60));
            count = elements.push4(count, owner, target, token, amount);
            reading.leaves[reading.leafCount + i] = keccak256(
                abi.encode(WITHDRAWAL_DOMAIN, nonce + i, owner, target, token, amount, EMPTY_HASH)
            );
            at += WITHDRAWAL;
        }
        reading.leafCount += withdrawals;
        return count;
    }

    /// @dev Reverts unless the messages are those that the header consumes.
    function _checkInbox(BatchHeader calldata header, InboxMessage[] memory consumed) private view {
        // Not released before the batch is final, so it is there.
        bytes32 acc = IInbox(BRIDGE).accumulator(header.inboxFrom);
        for (uint256 i = 0; i < consumed.length; ++i) acc = Hashes.efficientKeccak256(acc, consumed[i].hash());
        if (acc != header.inboxAcc) revert StatementInbox(acc, header.inboxAcc);
    }

    /// @dev Reverts unless what the committee attests, whatever a certificate looks like, are data of the length that the
    /// shown data tell, with the shown chunk root, and with the transfers that the proofs are about.
    function _checkCertificate(bytes32 belowHash, bytes calldata shown, Reading memory reading) private pure {
        uint256[] memory hashes = reading.transferHashes;
        uint256 length = shown.length - CHUNK_ROOT - hashes.length * TRANSFERS_HASH + reading.transfers * TRANSFER;
        bytes32 root = Hashes.efficientKeccak256(bytes32(_word(shown, 0)), keccak256(abi.encodePacked(hashes)));
        bytes32 computed = keccak256(abi.encode(DATA_DOMAIN, length, root));
        if (computed != belowHash) revert StatementCertificate(computed, belowHash);
    }

    /// @dev The `bytes` whose offset is word `position` of an ABI encoding.
    function _bytesAt(bytes calldata encoded, uint256 position) private pure returns (bytes calldata) {
        uint256 offset = uint256(bytes32(encoded[position * 32:position * 32 + 32]));
        uint256 length = uint256(bytes32(encoded[offset:offset + 32]));
        return encoded[offset + 32:offset + 32 + length];
    }

    /// @dev Reverts unless `data` has `to` bytes.
    function _require(bytes calldata data, uint256 to) private pure {
        if (to > data.length) revert StatementTruncated(to, data.length);
    }

    /// @dev The 32 bytes from `at` on; what lies behind the data is anything.
    function _word(bytes calldata data, uint256 at) private pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := calldataload(add(data.offset, at))
        }
    }

    function _shortened(bytes32[] memory leaves, uint256 count) private pure returns (bytes32[] memory) {
        assembly ("memory-safe") {
            mstore(leaves, count)
        }
        return leaves;
    }
}
