// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Withdrawal} from "../../../contracts/bridge/IL1EscrowBridge.sol";
import {L1EscrowBridge} from "../../../contracts/bridge/L1EscrowBridge.sol";
import {BatchClaim} from "../../../contracts/chain/IStateCommitmentChain.sol";
import {StateCommitmentChain} from "../../../contracts/chain/StateCommitmentChain.sol";
import {BatchHeader} from "../../../contracts/libraries/BatchHeader.sol";
import {InboxMessage, MessageKind} from "../../../contracts/libraries/InboxMessage.sol";
import {StateLeaf} from "../../../contracts/libraries/StateTree.sol";
import {MockERC20} from "../../../contracts/mocks/tokens/MockERC20.sol";
import {NoRevertToken} from "../../../contracts/mocks/tokens/NoRevertToken.sol";
import {PartialToken} from "../../../contracts/mocks/tokens/PartialToken.sol";
import {KeyedLeaf, NaiveStateTree} from "../support/NaiveStateTree.sol";
import {SuiteTest} from "./SuiteTest.sol";
import {Test} from "forge-std/Test.sol";

/// @notice A rollup with an honest sequencer that may fall silent, its users, and the books of all of them.
contract EscapeHandler is Test {
    uint256 private constant ACCOUNTS = 4;
    uint256 private constant TOKENS = 4;
    address public constant SEQUENCER = address(0x5e90e9);
    address private immutable RESOLVER = makeAddr("resolver");

    L1EscrowBridge public immutable bridge;
    StateCommitmentChain public immutable chain;
    address[ACCOUNTS] public accounts;
    /// @notice Zero is ETH; the last two pay only when they are told to.
    address[TOKENS] public tokens;

    /* MODEL */

    bytes[] private _headers; // encoded: copying a header from storage is too deep for the compiler's stack
    InboxMessage[] private _messages;
    Withdrawal[] private _withdrawals;
    mapping(uint256 withdrawal => uint256) private _batchOf;
    uint256[TOKENS][ACCOUNTS] public balances; // on L2, after the last batch
    bool[TOKENS][ACCOUNTS] public escaped;
    mapping(uint256 message => bool) public refunded;
    mapping(uint256 withdrawal => bool) public claimed;
    uint256[TOKENS] public deposited;
    uint256[TOKENS] public paid;
    uint256[TOKENS] public credited;
    bool public frozen;
    uint256 public activeAt;

    /// @notice How often each action went through; an invariant that nothing happened under says nothing.
    mapping(bytes32 action => uint256) public done;

    constructor(L1EscrowBridge bridge_, StateCommitmentChain chain_, BatchHeader memory genesis) {
        (bridge, chain) = (bridge_, chain_);
        _headers.push(abi.encode(genesis));
        activeAt = genesis.timestamp;
        tokens = [address(0), address(new MockERC20()), address(new PartialToken()), address(new NoRevertToken())];
        for (uint256 i = 0; i < ACCOUNTS; ++i) {
            accounts[i] = makeAddr(string.concat("account", vm.toString(i)));
            for (uint256 t = 1; t < TOKENS; ++t) {
                MockERC20(tokens[t]).mint(accounts[i], type(uint128).max);
                vm.prank(accounts[i]);
                MockERC20(tokens[t]).approve(address(bridge_), type(uint256).max);
            }
        }
    }

    /* WHILE IT LIVES */

    function deposit(uint256 from, uint256 to, uint256 which, uint256 amount) external {
        if (frozen) return;
        (address sender, address target) = (accounts[from % ACCOUNTS], accounts[to % ACCOUNTS]);
        which %= TOKENS;
        amount = bound(amount, 1, 1e24);
        _setPaying(which, true);
        vm.deal(sender, amount);
        vm.prank(sender);
        if (which == 0) {
            bridge.depositETH{value: amount}(target);
        } else {
            bridge.depositERC20(tokens[which], target, amount);
        }
        deposited[which] += amount;
        _record(MessageKind.Deposit, sender, target, tokens[which], amount);
        ++done["deposit"];
    }

    function forceSomething(uint256 from) external {
        if (frozen) return;
        address sender = accounts[from % ACCOUNTS];
        vm.prank(sender);
        bridge.forceWithdrawal(address(0), type(uint192).max, sender);
        // More than anybody has: L2 does nothing with it.
        _record(MessageKind.Withdrawal, sender, sender, address(0), type(uint192).max);
    }

    /// @notice A batch with all messages, or all but the last, a transfer and a withdrawal.
    function post(uint256 from, uint256 to, uint256 which, uint256 amount, bool leaveOne) external {
        if (frozen) return;
        BatchHeader memory parent = header(_headers.length - 1);
        uint256 inboxTo = _messages.length;
        if (leaveOne && inboxTo > parent.inboxTo && _messages[inboxTo - 1].timestamp == block.timestamp) --inboxTo;
        for (uint256 i = parent.inboxTo; i < inboxTo; ++i) _apply(_messages[i]);
        (from, to, which) = (from % ACCOUNTS, to % ACCOUNTS, which % TOKENS);
        amount = bound(amount, 0, balances[from][which]);
        balances[from][which] -= amount;
        balances[to][which] += amount / 2;
        bytes32 withdrawalsRoot = _withdrawOnL2(to, which, amount - amount / 2);

        BatchClaim memory claim;
        claim.stateRoot = NaiveStateTree.root(_leaves());
        claim.withdrawalsRoot = withdrawalsRoot;
        claim.inboxTo = uint64(inboxTo);
        claim.inboxAcc = bridge.accumulator(claim.inboxTo);
        claim.l2BlockTo = parent.l2BlockTo + 1;
        InboxMessage[] memory next = new InboxMessage[](inboxTo < _messages.length ? 1 : 0);
        if (next.length == 1) next[0] = _messages[inboxTo];
        bytes memory call = abi.encodeCall(chain.appendBatch, (parent, claim, next, "\x00data"));
        vm.prank(SEQUENCER, SEQUENCER);
        (bool success, ) = address(chain).call(call);
        assertTrue(success, "the sequencer posts");
        _headers.push(abi.encode(_headerOf(parent, claim)));
        activeAt = block.timestamp;
        ++done["post"];
    }

    function finalize() external {
        (uint64 head, uint64 finalizedHead) = chain.heads();
        if (head == finalizedHead) return;
        BatchHeader[] memory oldest = new BatchHeader[](1);
        oldest[0] = header(finalizedHead + 1);
        bool expected = block.timestamp >= oldest[0].finalizesAt;
        try chain.finalize(oldest) {
            assertTrue(expected);
        } catch {
            assertFalse(expected);
        }
    }

    function pass(uint256 seed) external {
        vm.warp(block.timestamp + bound(seed, 1, 1 days));
    }

    /// @notice Long enough for anything, or a second less.
    function passLong(bool before) external {
        vm.warp(block.timestamp + chain.parameters().escapeDelay - (before ? 1 : 0));
    }

    /* THE END */

    function freeze() public {
        BatchHeader memory last = header(_headers.length - 1);
        InboxMessage memory message;
        if (last.inboxTo < _messages.length) message = _messages[last.inboxTo];
        (uint64 head, uint64 finalizedHead) = chain.heads();
        uint256 delay = chain.parameters().escapeDelay;
        bool expected =
            !frozen &&
                head == finalizedHead &&
                last.inboxTo < _messages.length &&
                block.timestamp >= message.timestamp + delay &&
                block.timestamp >= activeAt + delay;
        try chain.freeze(last, message) {
            assertTrue(expected, "frozen before its time");
            frozen = true;
            ++done["freeze"];
        } catch {
            assertFalse(expected, "not frozen although it is time");
        }
    }

    /// @notice Tries to take out a balance with the leaf and path of the last state, or of another account's.
    function escape(uint256 who, uint256 as_, uint256 which, bool paying) public {
        (who, as_, which) = (who % ACCOUNTS, as_ % ACCOUNTS, which % TOKENS);
        KeyedLeaf memory leaf = _leafOf(as_, which);
        // The genesis of this suite is no state of accounts.
        bool expected =
            _headers.length > 1 &&
                frozen &&
                who == as_ &&
                !escaped[who][which] &&
                (which == 0 || balances[who][which] != 0);
        bytes32[] memory siblings = new bytes32[](0);
        if (which == 0 || balances[as_][which] != 0) siblings = NaiveStateTree.siblings(_leaves(), leaf.key);
        bytes memory call = abi.encodeCall(
            bridge.escape,
            (
                header(_headers.length - 1),
                accounts[who],
                tokens[which],
                abi.encode(StateLeaf(leaf.word0, leaf.word1), siblings)
            )
        );
        if (!_payOut(call, which, balances[as_][which], paying, expected)) return;
        escaped[who][which] = true;
        ++done["escape"];
    }

    function refund(uint256 index, bool paying) public {
        if (_messages.length == 0) return;
        index %= _messages.length;
        InboxMessage memory message = _messages[index];
        BatchHeader memory last = header(_headers.length - 1);
        bool expected = frozen && index >= last.inboxTo && message.kind == MessageKind.Deposit && !refunded[index];
        bytes memory call = abi.encodeCall(bridge.refundDeposit, (last, message));
        if (!_payOut(call, _indexOf(message.token), message.amount, paying, expected)) return;
        refunded[index] = true;
        ++done["refund"];
    }

    function withdraw(uint256 index, bool paying) public {
        if (_withdrawals.length == 0) return;
        index %= _withdrawals.length;
        Withdrawal memory withdrawal = _withdrawals[index];
        (, uint64 finalizedHead) = chain.heads();
        bool expected = !claimed[index] && _batchOf[index] <= finalizedHead;
        bytes memory call = abi.encodeCall(bridge.withdraw, (header(_batchOf[index]), 0, withdrawal, new bytes32[](0)));
        if (!_payOut(call, _indexOf(withdrawal.token), withdrawal.amount, paying, expected)) return;
        claimed[index] = true;
        ++done["withdraw"];
    }

    function claimCredit(uint256 who, uint256 which) public {
        (who, which) = (who % ACCOUNTS, which % TOKENS);
        uint256 amount = bridge.credit(accounts[who], tokens[which]);
        if (amount == 0) return;
        _setPaying(which, true);
        bridge.claimCredit(accounts[who], tokens[which]);
        credited[which] -= amount;
        paid[which] += amount;
        ++done["claimCredit"];
    }

    /// @notice Everybody takes everything out, the weird tokens paying or not.
    function leave(bool paying) external {
        for (uint256 i = 0; i < _messages.length; ++i) refund(i, paying);
        for (uint256 i = 0; i < _withdrawals.length; ++i) withdraw(i, paying);
        for (uint256 who = 0; who < ACCOUNTS; ++who) {
            for (uint256 which = 0; which < TOKENS; ++which) {
                escape(who, who, which, paying);
                claimCredit(who, which);
            }
        }
    }

    /* MODEL VIEWS */

    function header(uint256 index) public view returns (BatchHeader memory) {
        return abi.decode(_headers[index], (BatchHeader));
    }

    function tokenCount() external pure returns (uint256) {
        return TOKENS;
    }

    /// @notice What the bridge still owes to anybody: by the last state, by withdrawals, by the inbox and by credits.
    function owed(uint256 which) external view returns (uint256 sum) {
        for (uint256 who = 0; who < ACCOUNTS; ++who) {
            if (!escaped[who][which]) sum += balances[who][which];
        }
        for (uint256 i = 0; i < _withdrawals.length; ++i) {
            if (_withdrawals[i].token == tokens[which] && !claimed[i]) sum += _withdrawals[i].amount;
        }
        for (uint256 i = header(_headers.length - 1).inboxTo; i < _messages.length; ++i) {
            bool isDeposit = _messages[i].kind == MessageKind.Deposit && _messages[i].token == tokens[which];
            if (isDeposit && !refunded[i]) sum += _messages[i].amount;
        }
        sum += credited[which];
    }

    function held(uint256 which) public view returns (uint256) {
        return which == 0 ? address(bridge).balance : MockERC20(tokens[which]).balanceOf(address(bridge));
    }

    /* INTERNAL */

    function _payOut(
        bytes memory call,
        uint256 which,
        uint256 amount,
        bool paying,
        bool expected
    ) private returns (bool success) {
        _setPaying(which, paying);
        uint256 before = held(which);
        (success, ) = address(bridge).call(call);
        assertEq(success, expected, "whether it is paid");
        if (!success) return false;
        uint256 left = before - held(which);
        assertLe(left, amount, "more than was due");
        paid[which] += left;
        credited[which] += amount - left;
    }

    /// @dev The third currency halves what it moves, the fourth refuses.
    function _setPaying(uint256 which, bool paying) private {
        if (which == 2) PartialToken(tokens[2]).setHalving(!paying);
        if (which == 3) NoRevertToken(tokens[3]).setRefusing(!paying);
    }

    function _record(MessageKind kind, address sender, address target, address token, uint256 amount) private {
        _messages.push(
            InboxMessage(kind, uint64(_messages.length), uint64(block.timestamp), sender, target, token, amount, "")
        );
    }

    function _apply(InboxMessage memory message) private {
        if (message.kind != MessageKind.Deposit) return;
        for (uint256 who = 0; who < ACCOUNTS; ++who) {
            if (accounts[who] == message.target) balances[who][_indexOf(message.token)] += message.amount;
        }
    }

    function _withdrawOnL2(uint256 who, uint256 which, uint256 amount) private returns (bytes32) {
        if (amount == 0) return 0;
        Withdrawal memory w;
        w.nonce = uint64(_withdrawals.length);
        (w.sender, w.target, w.token, w.amount) = (accounts[who], accounts[who], tokens[which], amount);
        _batchOf[_withdrawals.length] = _headers.length;
        _withdrawals.push(w);
        bytes32 domain = keccak256("hardhat-rollup.withdrawal.v1");
        return keccak256(abi.encode(domain, w.nonce, w.sender, w.target, w.token, w.amount, keccak256(w.data)));
    }

    function _indexOf(address token) private view returns (uint256 which) {
        while (tokens[which] != token) ++which;
    }

    function _leafOf(uint256 who, uint256 which) private view returns (KeyedLeaf memory) {
        (address account, address token) = (accounts[who], tokens[which]);
        uint256 amount = balances[who][which];
        return
            which == 0
                ? KeyedLeaf(keccak256(abi.encode(1, account)), (uint256(7) << 64) | (who + 1), amount)
                : KeyedLeaf(keccak256(abi.encode(3, account, token)), amount, 0);
    }

    /// @dev Balances of zero are absent, but for ETH; the meta leaf is there always.
    function _leaves() private view returns (KeyedLeaf[] memory leaves) {
        KeyedLeaf[] memory all = new KeyedLeaf[](ACCOUNTS * TOKENS + 1);
        uint256 count;
        all[count++] = KeyedLeaf(keccak256(abi.encode(0)), ACCOUNTS, _withdrawals.length);
        for (uint256 who = 0; who < ACCOUNTS; ++who) {
            for (uint256 which = 0; which < TOKENS; ++which) {
                if (which == 0 || balances[who][which] != 0) all[count++] = _leafOf(who, which);
            }
        }
        leaves = new KeyedLeaf[](count);
        for (uint256 i = 0; i < count; ++i) leaves[i] = all[i];
    }

    function _headerOf(
        BatchHeader memory parent,
        BatchClaim memory claim
    ) private view returns (BatchHeader memory made) {
        made.index = parent.index + 1;
        made.timestamp = uint64(block.timestamp);
        made.finalizesAt = made.timestamp + chain.parameters().challengeWindow;
        (made.inboxFrom, made.inboxTo) = (parent.inboxTo, claim.inboxTo);
        (made.l2BlockFrom, made.l2BlockTo) = (parent.l2BlockTo, claim.l2BlockTo);
        (made.submitter, made.resolver) = (SEQUENCER, RESOLVER);
        made.parentHash = parent.hash();
        (made.prevStateRoot, made.stateRoot) = (parent.stateRoot, claim.stateRoot);
        (made.withdrawalsRoot, made.inboxAcc) = (claim.withdrawalsRoot, claim.inboxAcc);
        made.dataHash = keccak256(abi.encode(keccak256("hardhat-rollup.data.v1"), 4, keccak256("data")));
    }
}

/// @notice What holds for the bridge whatever anybody does, on the suite as it is deployed, alive or frozen.
/// forge-config: default.invariant.runs = 24
/// forge-config: default.invariant.depth = 100
/// forge-config: default.invariant.fail-on-revert = true
contract EscapeInvariants is SuiteTest {
    EscapeHandler internal handler;

    function setUp() public {
        vm.warp(1_800_000_000);
        BatchHeader memory genesis = deploySuite(makeAddr("resolver"), address(0));
        handler = new EscapeHandler(bridge, chain, genesis);
        vm.deal(handler.SEQUENCER(), 1 ether);
        vm.prank(handler.SEQUENCER());
        registry.register{value: 1 ether}();
        targetContract(address(handler));
    }

    /// @notice Escrow = balances in the last state + unclaimed withdrawals + unconsumed deposits + credits, to the wei.
    function invariant_escrowIsWhatIsOwed() public view {
        for (uint256 which = 0; which < handler.tokenCount(); ++which) {
            assertEq(handler.held(which), handler.owed(which));
        }
    }

    /// @notice Nothing appears and nothing is lost: what went in is there or was paid out.
    function invariant_nothingAppearsOrIsLost() public view {
        for (uint256 which = 0; which < handler.tokenCount(); ++which) {
            assertEq(handler.deposited(which), handler.held(which) + handler.paid(which));
        }
    }

    /// @notice Frozen is for ever, and with nothing pending.
    function invariant_frozenIsFrozen() public view {
        assertEq(chain.isFrozen(), handler.frozen());
        (uint64 head, uint64 finalizedHead) = chain.heads();
        if (handler.frozen()) assertEq(head, finalizedHead);
    }

    /// @notice Whatever happened before, once the sequencer is silent everybody takes out what was put in, to the wei.
    function testFuzz_everybodyTakesOutWhatWasPutIn(uint256 seed, uint8 steps, bool paying) public {
        uint256 count = bound(steps, 5, 60);
        for (uint256 i = 0; i < count; ++i) _step(uint256(keccak256(abi.encode(seed, i))));
        handler.deposit(seed, seed >> 8, seed >> 16, seed >> 24);
        handler.passLong(false);
        (uint64 head, uint64 finalizedHead) = chain.heads();
        for (uint64 i = finalizedHead; i < head; ++i) handler.finalize();
        handler.freeze();
        assertTrue(handler.frozen());

        handler.leave(paying);
        for (uint256 which = 0; which < handler.tokenCount(); ++which) {
            assertEq(handler.held(which), 0, "nothing is left");
            assertEq(handler.paid(which), handler.deposited(which), "to the wei");
        }
        handler.leave(true);
    }

    function _step(uint256 random) private {
        (uint256 a, uint256 b, uint256 c, uint256 d) = (
            (random >> 8) & 0xff,
            (random >> 16) & 0xff,
            (random >> 24) & 0xff,
            (random >> 32) & 0xffff
        );
        uint256 action = random & 0xff;
        if (action < 90) handler.deposit(a, b, c, d);
        else if (action < 150) handler.post(a, b, c, d, action & 1 == 0);
        else if (action < 170) handler.finalize();
        else if (action < 200) handler.pass(d);
        else if (action < 215) handler.withdraw(a, action & 1 == 0);
        else if (action < 230) handler.claimCredit(a, b);
        else if (action < 240) handler.forceSomething(a);
        else if (action < 250) handler.escape(a, b, c, true);
        else handler.refund(a, true);
    }
}
