// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {BatchHeader} from "../../../contracts/libraries/BatchHeader.sol";
import {CommonBase} from "forge-std/Base.sol";
import {FeeOnTransferToken} from "../../../contracts/mocks/tokens/FeeOnTransferToken.sol";
import {InboxMessage, MessageKind} from "../../../contracts/libraries/InboxMessage.sol";
import {KeccakStateProof} from "../../../contracts/bridge/KeccakStateProof.sol";
import {L1EscrowBridge} from "../../../contracts/bridge/L1EscrowBridge.sol";
import {MockERC20} from "../../../contracts/mocks/tokens/MockERC20.sol";
import {MockRecipient, Manner} from "../../../contracts/mocks/MockRecipient.sol";
import {MockStateCommitmentChain} from "../../../contracts/mocks/MockStateCommitmentChain.sol";
import {NoRevertToken} from "../../../contracts/mocks/tokens/NoRevertToken.sol";
import {PartialToken} from "../../../contracts/mocks/tokens/PartialToken.sol";
import {StdUtils} from "forge-std/StdUtils.sol";
import {TestProxy} from "../../../contracts/mocks/TestProxy.sol";
import {Test} from "forge-std/Test.sol";
import {Withdrawal} from "../../../contracts/bridge/IL1EscrowBridge.sol";

// Handler and test share a file because Hardhat fuzzes only contracts of the files it was given.

/// @notice What anybody may do to a bridge, in any order, with the books of an L2 that is honest kept beside it.
contract BridgeHandler is CommonBase, StdUtils {
    L1EscrowBridge public immutable BRIDGE;
    MockStateCommitmentChain public immutable CHAIN;
    MockRecipient public immutable RECIPIENT = new MockRecipient();

    /// @notice Zero (ETH) and the tokens, the odd ones among them.
    address[] public tokens;

    /// @notice Deposited, and neither withdrawn on L2 nor seen by it any more.
    mapping(address token => uint256) public l2Balance;
    /// @notice Withdrawn on L2, and not claimed.
    mapping(address token => uint256) public unclaimed;
    /// @notice Credited, and not paid.
    mapping(address token => uint256) public credited;

    /// @notice Every accumulator, computed outside the contract.
    bytes32[] public accumulators = [bytes32(0)];
    uint64 public released;

    struct Claim {
        BatchHeader header;
        Withdrawal withdrawal;
        bool done;
    }

    Claim[] private claims;

    constructor(L1EscrowBridge bridge, MockStateCommitmentChain chain, address[] memory tokens_) {
        BRIDGE = bridge;
        CHAIN = chain;
        tokens = tokens_;
        for (uint256 i = 1; i < tokens_.length; ++i) {
            MockERC20(tokens_[i]).mint(address(this), type(uint128).max);
            MockERC20(tokens_[i]).approve(address(bridge), type(uint256).max);
        }
    }

    receive() external payable {}

    function deposit(uint256 which, uint256 amount) external {
        address token = tokens[which % tokens.length];
        amount = bound(amount, 1, 1e24);
        uint256 before = _held(token);
        if (token == address(0)) {
            vm.deal(address(this), amount);
            BRIDGE.depositETH{value: amount}(address(this));
        } else {
            try BRIDGE.depositERC20(token, address(this), amount) {} catch {
                return;
            }
        }
        uint256 arrived = _held(token) - before;
        l2Balance[token] += arrived;
        _record(MessageKind.Deposit, address(this), token, arrived, "");
    }

    function forceTransaction(bytes calldata data) external {
        if (data.length == 0 || data.length > 2_048) return;
        BRIDGE.forceTransaction(data);
        _record(MessageKind.Transaction, address(0), address(0), 0, data);
    }

    function forceWithdrawal(uint256 which, uint256 amount) external {
        amount = bound(amount, 1, type(uint192).max);
        address token = tokens[which % tokens.length];
        BRIDGE.forceWithdrawal(token, amount, address(this));
        _record(MessageKind.Withdrawal, address(this), token, amount, "");
    }

    function release(uint256 to) external {
        released = uint64(bound(to, released, BRIDGE.messageCount()));
        CHAIN.release(BRIDGE, released);
    }

    /// @notice A final batch with one withdrawal, of no more than L2 has.
    function withdrawOnL2(uint256 which, uint256 amount, bool toRecipient) external {
        address token = tokens[which % tokens.length];
        if (l2Balance[token] == 0) return;
        amount = bound(amount, 1, l2Balance[token]);
        l2Balance[token] -= amount;
        unclaimed[token] += amount;

        Claim storage claim = claims.push();
        claim.withdrawal.nonce = uint64(claims.length);
        claim.withdrawal.target = toRecipient ? address(RECIPIENT) : address(this);
        claim.withdrawal.token = token;
        claim.withdrawal.amount = amount;
        claim.header.index = uint64(claims.length);
        claim.header.withdrawalsRoot = _leafOf(claim.withdrawal);
        CHAIN.setFinalized(claim.header, true);
    }

    /// @notice Claims what may have been claimed before.
    function withdraw(uint256 which) external {
        if (claims.length == 0) return;
        Claim storage claim = claims[which % claims.length];
        Withdrawal memory w = claim.withdrawal;
        uint256 before = _held(w.token);
        try BRIDGE.withdraw(claim.header, 0, w, new bytes32[](0)) {
            require(!claim.done, "claimed twice");
            claim.done = true;
            unclaimed[w.token] -= w.amount;
            credited[w.token] += w.amount - (before - _held(w.token));
        } catch {}
    }

    function claimCredit(uint256 which, bool ofRecipient) external {
        address token = tokens[which % tokens.length];
        address account = ofRecipient ? address(RECIPIENT) : address(this);
        uint256 before = _held(token);
        try BRIDGE.claimCredit(account, token) {
            credited[token] -= before - _held(token);
        } catch {}
    }

    /// @notice Only the manners that end soon.
    function setManner(bool rejects) external {
        RECIPIENT.setManner(rejects ? Manner.Reject : Manner.Accept);
    }

    function setHalving(bool halving) external {
        (bool success, ) = tokens[3].call(abi.encodeWithSignature("setHalving(bool)", halving));
        require(success, "the fourth currency halves");
    }

    function setRefusing(bool refusing) external {
        (bool success, ) = tokens[4].call(abi.encodeWithSignature("setRefusing(bool)", refusing));
        require(success, "the fifth currency refuses");
    }

    function tokenCount() external view returns (uint256) {
        return tokens.length;
    }

    function accumulatorCount() external view returns (uint256) {
        return accumulators.length;
    }

    function _record(MessageKind kind, address target, address token, uint256 amount, bytes memory data) private {
        uint64 index = uint64(accumulators.length - 1);
        bytes32 hash = InboxMessage(kind, index, uint64(block.timestamp), address(this), target, token, amount, data)
            .hash();
        accumulators.push(keccak256(abi.encodePacked(accumulators[index], hash)));
    }

    function _held(address token) private view returns (uint256) {
        return token == address(0) ? address(BRIDGE).balance : MockERC20(token).balanceOf(address(BRIDGE));
    }

    function _leafOf(Withdrawal memory w) private pure returns (bytes32) {
        bytes32 domain = keccak256("hardhat-rollup.withdrawal.v1");
        return keccak256(abi.encode(domain, w.nonce, w.sender, w.target, w.token, w.amount, keccak256(w.data)));
    }
}

/// @notice The invariants of L1EscrowBridge and Inbox, after any sequence of the handler's calls.
contract BridgeInvariantsTest is Test {
    L1EscrowBridge private bridge;
    BridgeHandler private handler;

    function setUp() public {
        MockStateCommitmentChain chain = new MockStateCommitmentChain();
        L1EscrowBridge implementation = new L1EscrowBridge(
            L1EscrowBridge.Parameters({
                chain: address(chain),
                stateProof: new KeccakStateProof(),
                guardian: address(0),
                upgradeTimelock: address(this),
                l2ChainId: 777_001,
                pauseDuration: 1 days,
                pauseCooldown: 1 days,
                inboxCapacity: 4
            })
        );
        bytes memory init = abi.encodeCall(implementation.initialize, ());
        bridge = L1EscrowBridge(address(new TestProxy(address(implementation), address(this), init)));

        address[] memory tokens = new address[](5);
        tokens[1] = address(new MockERC20());
        tokens[2] = address(new FeeOnTransferToken());
        tokens[3] = address(new PartialToken());
        tokens[4] = address(new NoRevertToken());
        handler = new BridgeHandler(bridge, chain, tokens);
        targetContract(address(handler));
    }

    /// @notice The first property of the design, for every currency: what is owed is there.
    /// forge-config: default.invariant.runs = 16
    /// forge-config: default.invariant.depth = 64
    /// forge-config: default.invariant.fail-on-revert = true
    function invariant_escrowCoversWhatIsOwed() public view {
        for (uint256 i = 0; i < handler.tokenCount(); ++i) {
            address token = handler.tokens(i);
            uint256 held = token == address(0) ? address(bridge).balance : MockERC20(token).balanceOf(address(bridge));
            uint256 owed = handler.l2Balance(token) + handler.unclaimed(token) + handler.credited(token);
            assertEq(held, owed, "to the unit, for tokens that leave balances alone");
        }
    }

    /// forge-config: default.invariant.runs = 16
    /// forge-config: default.invariant.depth = 64
    /// forge-config: default.invariant.fail-on-revert = true
    function invariant_creditsAreWhatWasNotPaid() public view {
        for (uint256 i = 0; i < handler.tokenCount(); ++i) {
            address token = handler.tokens(i);
            uint256 credits =
                bridge.credit(address(handler), token) + bridge.credit(address(handler.RECIPIENT()), token);
            assertEq(credits, handler.credited(token));
        }
    }

    /// forge-config: default.invariant.runs = 16
    /// forge-config: default.invariant.depth = 64
    /// forge-config: default.invariant.fail-on-revert = true
    function invariant_accumulatorsAreReadableAndTrue() public view {
        uint256 count = handler.accumulatorCount() - 1;
        assertEq(bridge.messageCount(), count);
        assertEq(bridge.releasedCount(), handler.released());
        for (uint64 i = handler.released(); i <= count; ++i) {
            assertEq(bridge.accumulator(i), handler.accumulators(i));
            (bytes32 acc, bytes32 next, ) = bridge.position(i);
            assertEq(acc, handler.accumulators(i));
            assertEq(next, i < count ? handler.accumulators(i + 1) : bytes32(0));
        }
    }
}
