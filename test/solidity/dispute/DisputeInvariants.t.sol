// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IStateCommitmentChain} from "../../../contracts/chain/IStateCommitmentChain.sol";
import {BatchStatement} from "../../../contracts/dispute/BatchStatement.sol";
import {ClaimState, ClaimStatus} from "../../../contracts/dispute/ClaimWord.sol";
import {DisputeClaim} from "../../../contracts/dispute/DisputeClaim.sol";
import {DisputeGame} from "../../../contracts/dispute/DisputeGame.sol";
import {DisputeParameters} from "../../../contracts/dispute/DisputeParameters.sol";
import {BatchHeader} from "../../../contracts/libraries/BatchHeader.sol";
import {MockOneStepVerifier} from "../../../contracts/mocks/MockOneStepVerifier.sol";
import {GameChain} from "./GameChain.sol";
import {Test} from "forge-std/Test.sol";

/// @notice Liars do as they please in the games about a true and a false batch; one honest account answers each lie that starts
/// from a true state, at any moment before EXTENSION is over.
contract DisputeHandler is Test {
    /// @param game Which batch it is about: 0 is the true one.
    /// @param parent Position of the claim that it counters, plus 1; 0 where it counters the batch.
    /// @param offset Instructions before its segment.
    /// @param closesAt As the rules have it, not as the contract says.
    /// @param line What its line used of the clock.
    /// @param startsTrue Its start is true, and so are those above.
    /// @param firstFalse K where its list is true.
    struct Node {
        DisputeClaim claim;
        bytes32[] list;
        address claimant;
        uint256 game;
        uint256 parent;
        uint256 depth;
        uint256 offset;
        uint256 postedAt;
        uint256 closesAt;
        uint256 line;
        uint256 openChildren;
        uint256 firstFalse;
        bool startsTrue;
        bool isAnswered;
        bool isResolved;
        bool isRefuted;
    }

    uint256 internal constant K = 16;
    uint256 internal constant LEVELS = 10;
    uint256 public constant CLOCK = 10_000;
    uint256 public constant EXTENSION = 1_000;
    uint256 public constant BASE_BOND = 1_000_003;
    uint256 public constant TIP = 500_001;

    GameChain public immutable chain;
    DisputeGame public immutable game;
    MockOneStepVerifier public immutable verifier;
    address public immutable honest;
    address[] public liars;

    bytes[2] internal _headers;
    bytes32[2] public starts;
    bytes32[2] public ends;
    uint256[2] public openClaims;
    bool[2] public isOver;
    /// @notice Tips that are there for who resolves the batches.
    uint256[2] public held;
    bool[2] internal _hasLeftTip;
    bool public isCountered;
    Node[] internal _nodes;

    /* GHOSTS */

    uint256 public posted;
    uint256 public paid;
    uint256 public openBonds;
    uint256 public honestPosted;
    uint256 public honestPaid;
    /// @notice What the honest account must have won besides its bonds.
    uint256 public honestWins;
    mapping(bytes32 action => uint256) public done;

    constructor(GameChain chain_, DisputeGame game_, MockOneStepVerifier verifier_, BatchHeader[2] memory headers) {
        (chain, game, verifier, honest) = (chain_, game_, verifier_, makeAddr("honest"));
        vm.deal(honest, 1e30);
        for (uint256 i = 0; i < 6; ++i) {
            liars.push(makeAddr(string.concat("liar", vm.toString(i))));
            vm.deal(liars[i], 1e30);
        }
        for (uint256 i = 0; i < 2; ++i) _headers[i] = abi.encode(headers[i]);
    }

    function setStatement(uint256 i, bytes32 start, bytes32 end) external {
        (starts[i], ends[i]) = (start, end);
    }

    /* ACTIONS */

    /// @notice A liar counters a batch or a claim, in time or not, with a list that is true for a while, or a true one.
    function lie(uint256 who, uint256 target, uint256 index, uint256 trueUntil, uint256 salt) external {
        uint256 batch = bound(salt, 0, 1);
        uint256 parent = _pick(target);
        if (parent != 0 && _nodes[parent - 1].depth == LEVELS) parent = _nodes[parent - 1].parent;
        if (parent != 0) batch = _nodes[parent - 1].game;
        index = parent == 0 ? 0 : bound(index, 0, K - 1);
        bytes32[] memory list = _listFrom(batch, parent, index, bound(trueUntil, 0, K), salt);
        _counter(liars[who % liars.length], batch, parent, index, list);
    }

    /// @notice A liar does what the honest account would: one of its answers, before it.
    function copy(uint256 who, uint256 target) external {
        uint256 parent = _pick(target);
        if (parent == 0) return;
        Node storage node = _nodes[parent - 1];
        if (node.startsTrue && !node.isAnswered) _answer(liars[who % liars.length], parent);
    }

    /// @notice Time passes; the honest account answers what is due.
    function pass(uint256 time) external {
        warpTo(block.timestamp + (uint256(keccak256(abi.encode(time))) % (EXTENSION / 4)));
    }

    /// @notice The honest account answers all there is, in the same second.
    function answer() external {
        for (uint256 i = 1; i <= _nodes.length; ++i) {
            Node storage node = _nodes[i - 1];
            if (node.startsTrue && !node.isAnswered) _answer(honest, i);
        }
    }

    /// @notice The same until about when some claim closes.
    function passToClosing(uint256 target, uint256 time) external {
        uint256 picked = _pick(target);
        if (picked == 0) return;
        time = uint256(keccak256(abi.encode(time)));
        uint256 to = _nodes[picked - 1].closesAt - 1 + (time % 3);
        if (to > block.timestamp && (time >> 8) % 8 == 0) warpTo(to);
    }

    /// @notice A claim is resolved as soon as it can be, and never before.
    function resolve(uint256 target) external {
        uint256 picked = _pick(target);
        if (picked != 0) _resolve(picked);
    }

    /// @notice A game ends as soon as it can, and never before.
    function resolveBatch(uint256 batch) external {
        _resolveBatch(bound(batch, 0, 1));
    }

    /// @notice Credits are taken.
    function take(uint256 who) external {
        _take(who % 7 == 6 ? honest : liars[who % 7]);
    }

    /* THE END */

    /// @notice Plays both games to their end: at the bound everything is closed.
    function finish() external {
        warpTo(header(0).finalizesAt + game.maxDuration());
        for (uint256 i = _nodes.length; i > 0; --i) {
            if (!_nodes[i - 1].isResolved) assertTrue(_resolve(i), "open beyond the bound");
        }
        for (uint256 i = 0; i < 2; ++i) {
            if (!isOver[i] && (i == 1 || isCountered)) assertTrue(_resolveBatch(i), "not over at the bound");
        }
        for (uint256 i = 0; i < liars.length; ++i) _take(liars[i]);
        _take(honest);
    }

    /// @notice Lets the honest account do what is due until `to`, then makes it `to`.
    function warpTo(uint256 to) public {
        while (true) {
            (uint256 due, uint256 first) = (to + 1, 0);
            for (uint256 i = 1; i <= _nodes.length; ++i) {
                Node storage node = _nodes[i - 1];
                if (node.isAnswered || !node.startsTrue) continue;
                uint256 at = node.postedAt + (uint256(node.claim.listHash) % EXTENSION);
                if (at < due) (due, first) = (at, i);
            }
            // The false batch is answered before it closes, like everything else.
            uint256 window = header(1).finalizesAt - 1;
            if (!isFalseBatchAnswered && window < due) {
                vm.warp(block.timestamp > window ? block.timestamp : window);
                _answerBatch();
            } else if (first == 0) {
                break;
            } else {
                vm.warp(block.timestamp > due ? block.timestamp : due);
                _answer(honest, first);
            }
        }
        vm.warp(to);
    }

    bool public isFalseBatchAnswered;

    function _answerBatch() internal {
        isFalseBatchAnswered = true;
        _counter(honest, 1, 0, 0, _listFrom(1, 0, 0, K, 0));
    }

    /// @dev The honest answer to a claim, by whom ever.
    function _answer(address by, uint256 parent) internal {
        Node storage node = _nodes[parent - 1];
        uint256 index = node.firstFalse;
        if (node.depth < LEVELS) {
            uint256 before = _nodes.length;
            _counter(by, node.game, parent, index, _listFrom(node.game, parent, index, K, 0));
            // The honest account is always in time; a copy may come too late.
            assertTrue(by != honest || _nodes.length > before, "an honest answer was refused");
            return;
        }
        bytes memory witness = abi.encode(starts[node.game], 0, node.offset + index);
        bytes memory call = abi.encodeCall(game.step, (node.claim, node.list, index, witness));
        (bool success, ) = _call(by, 0, call);
        assertEq(success, !node.isResolved && block.timestamp < node.closesAt, "step");
        if (!success) return;
        (node.isAnswered, node.isResolved, node.isRefuted) = (true, true, true);
        _settled(node, by, 0);
        if (by == honest) honestWins += BASE_BOND;
        ++done["step"];
    }

    /// @dev Counters, and expects that to succeed exactly when it is in time, new and denies something.
    function _counter(address by, uint256 batch, uint256 parent, uint256 index, bytes32[] memory list) internal {
        Node memory made;
        made.claim = DisputeClaim({
            parent: parent == 0 ? header(batch).hash() : _id(_nodes[parent - 1]),
            index: index,
            start: _stateBefore(batch, parent, index),
            listHash: keccak256(abi.encodePacked(list))
        });
        (made.list, made.claimant, made.game, made.parent) = (list, by, batch, parent);
        made.depth = parent == 0 ? 1 : _nodes[parent - 1].depth + 1;
        bytes32 denied = parent == 0 ? ends[batch] : _nodes[parent - 1].list[index];
        bool isOpen =
            parent == 0
                ? block.timestamp < header(batch).finalizesAt
                : block.timestamp < _nodes[parent - 1].closesAt && !_nodes[parent - 1].isResolved;
        bool isNew = game.claimState(keccak256(abi.encode(made.claim))).claimant == address(0);
        uint256 value = BASE_BOND * (LEVELS + 1 - made.depth);
        bytes memory call =
            parent == 0
                ? abi.encodeCall(game.counterBatch, (header(batch), list))
                : abi.encodeCall(game.counter, (_nodes[parent - 1].claim, _nodes[parent - 1].list, index, list));
        (bool success, ) = _call(by, value, call);
        assertEq(success, isOpen && isNew && list[K - 1] != denied, "counter");
        if (!isOpen) ++done["late"];
        if (success) _keep(made, value);
    }

    function _keep(Node memory made, uint256 value) internal {
        (uint256 batch, uint256 parent) = (made.game, made.parent);
        if (parent == 0) {
            if (batch == 0) isCountered = true;
            (made.startsTrue, made.closesAt) = (true, block.timestamp + CLOCK);
        } else {
            Node storage above = _nodes[parent - 1];
            made.offset = above.offset + made.claim.index * _stride(above.depth);
            made.startsTrue = above.startsTrue && made.claim.start == _truth(batch, made.offset);
            made.line = _lineOf(above.parent) + block.timestamp - above.postedAt;
            if (made.line > CLOCK) made.line = CLOCK;
            uint256 left = CLOCK - above.line;
            made.closesAt = block.timestamp + (left > EXTENSION ? left : EXTENSION);
            ++above.openChildren;
        }
        made.postedAt = block.timestamp;
        while (
            made.firstFalse < K &&
            made.list[made.firstFalse] == _truth(batch, made.offset + (made.firstFalse + 1) * _stride(made.depth))
        ) ++made.firstFalse;
        made.isAnswered = made.firstFalse == K;
        if (made.isAnswered && made.startsTrue) {
            if (parent != 0 && made.claim.index == _nodes[parent - 1].firstFalse) _nodes[parent - 1].isAnswered = true;
            if (parent == 0 && batch == 1) isFalseBatchAnswered = true;
        }
        ++openClaims[batch];
        (posted, openBonds) = (posted + value, openBonds + value);
        if (made.claimant == honest) {
            honestPosted += value;
            // The proposer's bond rewards the claim against the batch, less two tips.
            if (parent != 0) honestWins += BASE_BOND;
            else honestPosted -= 2 * TIP;
        }
        _nodes.push(made);
        ++done[made.depth == LEVELS ? bytes32("deepest") : bytes32("counter")];
    }

    function _resolve(uint256 picked) internal returns (bool success) {
        Node storage node = _nodes[picked - 1];
        DisputeClaim[] memory claims = new DisputeClaim[](1);
        claims[0] = node.claim;
        (success, ) = _call(liars[0], 0, abi.encodeCall(game.resolve, (claims)));
        bool isReady = block.timestamp >= node.closesAt && node.openChildren == 0;
        assertEq(success, node.isResolved || isReady, "resolve");
        if (!success || node.isResolved) return success;

        // Among the claims that stand against it the lowest index wins, then the earliest, then the smallest id.
        uint256 winner = 0;
        for (uint256 i = picked + 1; i <= _nodes.length; ++i) {
            Node storage child = _nodes[i - 1];
            if (child.parent == picked && !child.isRefuted && (winner == 0 || _precedes(child, _nodes[winner - 1]))) {
                winner = i;
            }
        }
        (node.isResolved, node.isRefuted) = (true, winner != 0);
        uint256 kept = TIP;
        if (node.parent == 0 && !_hasLeftTip[node.game]) {
            (_hasLeftTip[node.game], held[node.game], kept) = (true, TIP, 2 * TIP);
        }
        _settled(node, winner == 0 ? node.claimant : _nodes[winner - 1].claimant, kept);
        credits[liars[0]] += TIP;
        ++done["resolve"];
    }

    function _resolveBatch(uint256 batch) internal returns (bool success) {
        (success, ) = _call(liars[0], 0, abi.encodeCall(game.resolveBatch, (header(batch))));
        bool wasCountered = batch == 0 ? isCountered : game.claimState(header(1).hash()).postedAt != 0;
        bool isReady = wasCountered && block.timestamp >= header(batch).finalizesAt && openClaims[batch] == 0;
        assertEq(success, isReady && !isOver[batch], "resolveBatch");
        if (!success) return success;
        isOver[batch] = true;
        credits[liars[0]] += held[batch];
        held[batch] = 0;
        ++done["over"];
    }

    function _settled(Node storage node, address payee, uint256 kept) internal {
        uint256 value = BASE_BOND * (LEVELS + 1 - node.depth);
        (openBonds, credits[payee]) = (openBonds - value, credits[payee] + value - kept);
        --openClaims[node.game];
        if (node.parent != 0) --_nodes[node.parent - 1].openChildren;
    }

    mapping(address account => uint256) public credits;

    function _take(address account) internal {
        uint256 before = account.balance;
        (bool success, ) = _call(account, 0, abi.encodeCall(game.claimCredit, (payable(account))));
        assertEq(success, credits[account] != 0, "claimCredit");
        assertEq(account.balance - before, credits[account], "credit");
        paid += credits[account];
        if (account == honest) honestPaid += credits[account];
        credits[account] = 0;
    }

    /* VIEWS */

    function header(uint256 i) public view returns (BatchHeader memory) {
        return abi.decode(_headers[i], (BatchHeader));
    }

    function count() external view returns (uint256) {
        return _nodes.length;
    }

    function nodeAt(uint256 i) external view returns (Node memory) {
        return _nodes[i];
    }

    /// @dev Position plus 1 of a claim, mostly of a late or a deep one; 0 for a batch.
    function _pick(uint256 seed) internal view returns (uint256 picked) {
        uint256 length = _nodes.length;
        // Fuzzed numbers are often small.
        seed = uint256(keccak256(abi.encode(seed)));
        if (length == 0 || seed % 8 == 0) return 0;
        if (seed % 8 == 1) return 1 + ((seed >> 8) % length);
        uint256 last = length < 4 ? length : 4;
        if (seed % 8 < 5) return length - ((seed >> 8) % last);
        picked = length;
        for (uint256 i = 1; i < length; ++i) {
            Node storage node = _nodes[i - 1];
            if (!node.isResolved && node.depth > _nodes[picked - 1].depth) picked = i;
        }
    }

    function _lineOf(uint256 parent) internal view returns (uint256) {
        return parent == 0 ? 0 : _nodes[parent - 1].line;
    }

    function _stateBefore(uint256 batch, uint256 parent, uint256 index) internal view returns (bytes32) {
        if (parent == 0) return starts[batch];
        return index == 0 ? _nodes[parent - 1].claim.start : _nodes[parent - 1].list[index - 1];
    }

    function _listFrom(
        uint256 batch,
        uint256 parent,
        uint256 index,
        uint256 trueUntil,
        uint256 salt
    ) internal view returns (bytes32[] memory list) {
        uint256 depth = parent == 0 ? 0 : _nodes[parent - 1].depth;
        uint256 from = parent == 0 ? 0 : _nodes[parent - 1].offset + index * _stride(depth);
        list = new bytes32[](K);
        for (uint256 i = 0; i < K; ++i) {
            list[i] =
                i < trueUntil
                    ? _truth(batch, from + (i + 1) * _stride(depth + 1))
                    : keccak256(abi.encode("lie", salt % 4, from, i));
        }
    }

    function _truth(uint256 batch, uint256 step) internal view returns (bytes32) {
        return verifier.state(starts[batch], 0, step);
    }

    function _stride(uint256 depth) internal pure returns (uint256) {
        return K ** (LEVELS - depth);
    }

    function _id(Node storage node) internal view returns (bytes32) {
        return keccak256(abi.encode(node.claim));
    }

    function _precedes(Node storage a, Node storage b) internal view returns (bool) {
        if (a.claim.index != b.claim.index) return a.claim.index < b.claim.index;
        if (a.postedAt != b.postedAt) return a.postedAt < b.postedAt;
        (bytes7 idOfA, bytes7 idOfB) = (bytes7(_id(a)), bytes7(_id(b)));
        return idOfA != idOfB ? idOfA < idOfB : a.claimant < b.claimant;
    }

    function _call(address by, uint256 value, bytes memory call) internal returns (bool, bytes memory) {
        vm.prank(by);
        return address(game).call{value: value}(call);
    }
}

/// @notice What docs/dispute.md promises, whatever liars do and whenever the honest account answers within EXTENSION.
/// forge-config: default.invariant.runs = 20
/// forge-config: default.invariant.depth = 150
/// forge-config: default.invariant.fail-on-revert = true
contract DisputeInvariants is Test {
    DisputeHandler internal handler;
    DisputeGame internal game;
    GameChain internal chain;

    function setUp() public {
        vm.warp(1_800_000_000);
        chain = new GameChain();
        MockOneStepVerifier verifier = new MockOneStepVerifier();
        game = new DisputeGame(
            DisputeParameters({
                chain: IStateCommitmentChain(address(chain)),
                verifier: verifier,
                availability: address(0),
                l2ChainId: 1,
                bridge: address(this),
                machineHash: keccak256(abi.encode(bytes32("code"), bytes32("memory"), 0, 1, 1, 1)),
                codeRoot: "code",
                memoryRoot0: "memory",
                entryPc: 0,
                pages: 1,
                maxPages: 1,
                version: 1,
                dissectionBits: 4,
                clock: 10_000,
                extension: 1_000,
                baseBond: 1_000_003
            })
        );
        BatchHeader[2] memory headers;
        for (uint64 i = 0; i < 2; ++i) {
            headers[i].index = i + 1;
            headers[i].timestamp = uint64(block.timestamp);
            headers[i].finalizesAt = uint64(block.timestamp) + 5_000;
            headers[i].resolver = address(game);
            chain.append(headers[i]);
        }
        handler = new DisputeHandler(chain, game, verifier, headers);
        for (uint256 i = 0; i < 2; ++i) {
            (bytes32 start, bytes32 end) = this.statement(headers[i]);
            handler.setStatement(i, start, end);
            verifier.setRun(start, MockOneStepVerifier.Run(2 ** 36 + 12_345, i == 0 ? end : bytes32("another end")));
        }
        bytes4[] memory actions = new bytes4[](14);
        for (uint256 i = 0; i < 6; ++i) actions[i] = handler.lie.selector;
        (actions[6], actions[7]) = (handler.answer.selector, handler.answer.selector);
        (actions[8], actions[9]) = (handler.copy.selector, handler.pass.selector);
        (actions[10], actions[11]) = (handler.passToClosing.selector, handler.resolve.selector);
        (actions[12], actions[13]) = (handler.resolveBatch.selector, handler.take.selector);
        targetContract(address(handler));
        targetSelector(FuzzSelector({addr: address(handler), selectors: actions}));
    }

    function statement(BatchHeader calldata header) external view returns (bytes32 start, bytes32 end) {
        start = BatchStatement.start(header, 1, address(this), BatchStatement.registers(0, 1), "memory");
        end = BatchStatement.end(header);
    }

    /// @notice The contract holds open bonds, credits and the tips for open batches, to the wei.
    function invariant_balanceIsBondsAndCredits() public view {
        assertEq(address(game).balance, handler.posted() - handler.paid());
        uint256 credits = game.creditOf(handler.honest());
        for (uint256 i = 0; i < 6; ++i) credits += game.creditOf(handler.liars(i));
        assertEq(address(game).balance, handler.openBonds() + credits + handler.held(0) + handler.held(1));
    }

    /// @notice No honest claim is refuted; no true claim is.
    function invariant_trueClaimsAreNotRefuted() public view {
        for (uint256 i = 0; i < handler.count(); ++i) {
            DisputeHandler.Node memory node = handler.nodeAt(i);
            bool isTrue = node.startsTrue && node.firstFalse == 16;
            if (node.claimant == handler.honest()) assertTrue(isTrue);
            if (isTrue) assertFalse(node.isRefuted);
        }
    }

    /// @notice A false claim that starts from a true state does not stand once it is resolved.
    function invariant_answeredLiesFall() public view {
        for (uint256 i = 0; i < handler.count(); ++i) {
            DisputeHandler.Node memory node = handler.nodeAt(i);
            if (node.isResolved && node.startsTrue && node.firstFalse < 16) assertTrue(node.isRefuted);
        }
    }

    /// @notice What is stored of each claim is what the rules say, and no claim closes after the bound.
    function invariant_claimsAreStoredAsTheRulesSay() public view {
        uint256 bound = handler.header(0).finalizesAt + game.maxDuration();
        for (uint256 i = 0; i < handler.count(); ++i) {
            DisputeHandler.Node memory node = handler.nodeAt(i);
            ClaimState memory state = game.claimState(game.claimId(node.claim));
            assertEq(state.claimant, node.claimant);
            assertEq(state.postedAt, node.postedAt);
            assertEq(state.used, node.line);
            assertEq(state.depth, node.depth);
            assertEq(state.openChildren, node.openChildren);
            ClaimStatus resolved = node.isRefuted ? ClaimStatus.Refuted : ClaimStatus.Standing;
            assertEq(uint256(state.status), uint256(node.isResolved ? resolved : ClaimStatus.Open));
            assertEq(game.closesAt(node.claim), node.closesAt);
            // Two extensions of the bound are for the transactions that resolve.
            assertLe(node.closesAt, bound - 2 * handler.EXTENSION());
        }
    }

    /// @notice At the end the true batch stands, the false one fell to whoever made the true claim, and the game is empty.
    /// Each honest answer won a base bond at least, though liars took all the tips.
    function afterInvariant() public {
        handler.finish();
        assertEq(address(game).balance, 0);
        assertEq(handler.posted(), handler.paid());
        assertGe(handler.honestPaid(), handler.honestPosted() + handler.honestWins());
        assertEq(game.winnerOf(handler.header(0).hash()), address(0));
        assertFalse(chain.disputed(handler.header(0).hash()));
        assertEq(chain.headerHash(2), bytes32(0), "the false batch stands");
        assertEq(chain.headerHash(1), handler.header(0).hash(), "the true batch fell");
        for (uint256 i = 0; i < handler.count(); ++i) {
            DisputeHandler.Node memory node = handler.nodeAt(i);
            if (node.parent != 0 || node.game != 1 || node.firstFalse < 16) continue;
            assertEq(chain.winnerOf(handler.header(1).hash()), node.claimant);
        }
    }
}
