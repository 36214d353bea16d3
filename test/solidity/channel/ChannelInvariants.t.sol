// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Allocation, AssetOutcome} from "../../../contracts/channel/Outcome.sol";
import {Answer, MockForceMoveApp} from "../../../contracts/mocks/MockForceMoveApp.sol";
import {ChannelAdjudicator} from "../../../contracts/channel/ChannelAdjudicator.sol";
import {ChannelMode, ChannelStatus, IChannelAdjudicator} from "../../../contracts/channel/IChannelAdjudicator.sol";
import {ChannelParams} from "../../../contracts/channel/ChannelParams.sol";
import {ChannelState, SignedState} from "../../../contracts/channel/ChannelState.sol";
import {ChannelTest} from "./ChannelTest.sol";
import {Manner, MockRecipient} from "../../../contracts/mocks/MockRecipient.sol";
import {MockERC20} from "../../../contracts/mocks/tokens/MockERC20.sol";
import {NoRevertToken} from "../../../contracts/mocks/tokens/NoRevertToken.sol";
import {Test} from "forge-std/Test.sol";
import {Vm} from "forge-std/Vm.sol";

// Handler and test share a file because Hardhat fuzzes only contracts of the files it was given.

/// @notice What anybody may do to three channels, in any order, with books kept beside the adjudicator. Every action draws
/// all that it needs from its seed.
contract ChannelHandler is ChannelTest {
    uint256 public constant CHANNELS = 3;
    uint256 public constant ASSETS = 3;
    /// @notice The participants, the recipient, and the channels.
    uint256 public constant DESTINATIONS = 7;
    uint256 public constant ACCOUNTS = 4;

    ChannelAdjudicator public immutable ADJUDICATOR;
    MockForceMoveApp public immutable APP = new MockForceMoveApp();
    MockRecipient public immutable RECIPIENT = new MockRecipient();
    NoRevertToken public immutable REFUSING;
    uint256 public immutable BOND;

    bytes32[] public ids;
    /// @notice Ascending; zero (ETH) first.
    address[] public assets;
    bytes32[] public destinations;

    /// @notice The time of the game, set anew before every action.
    uint256 public clock = block.timestamp;

    /// @notice Calls of an action that went through.
    mapping(bytes4 action => uint256) public succeeded;

    /// @notice What the handler and the challengers gave of an asset.
    mapping(address asset => uint256) public put;
    /// @notice What was paid to accounts, or credited to them, by channels.
    mapping(address asset => uint256) public paidToAccounts;
    mapping(bytes32 id => mapping(address asset => uint256)) public got;
    mapping(bytes32 id => mapping(address asset => uint256)) public paidTotal;
    mapping(bytes32 id => mapping(address asset => mapping(bytes32 destination => uint256))) public paid;
    /// @notice The highest total of a withdrawal that everybody signed, or the entitlement of the final outcome.
    mapping(bytes32 id => mapping(address asset => mapping(bytes32 destination => uint256))) public entitled;

    uint256 public posted;
    uint256 public returned;
    uint256 public rewarded;

    /// @param begun Zero for none.
    /// @param judged Time that it spent in arbitration.
    struct Dispute {
        uint256 begun;
        uint256 judged;
        uint256 judgedSince;
    }

    struct End {
        bool isEnded;
        ChannelMode mode;
        bytes32 stateHash;
    }

    /// @dev What is behind a state's hash.
    struct Shown {
        bool isKnown;
        ChannelState state;
        bytes outcome;
    }

    mapping(bytes32 id => Dispute) public disputes;
    mapping(bytes32 id => End) public ends;
    mapping(bytes32 id => mapping(address asset => uint256)) public gotAtEnd;
    mapping(bytes32 id => mapping(address asset => uint256)) public paidAtEnd;
    mapping(bytes32 stateHash => Shown) private shown;
    ChannelParams[] private params;

    modifier played() {
        vm.warp(clock);
        vm.recordLogs();
        _;
        _noteEnds();
    }

    constructor(ChannelAdjudicator adjudicator, MockERC20 token, NoRevertToken refusing) {
        (ADJUDICATOR, REFUSING, BOND) = (adjudicator, refusing, adjudicator.challengeBond());
        bool isFirst = address(token) < address(refusing);
        assets.push(address(0));
        assets.push(isFirst ? address(token) : address(refusing));
        assets.push(isFirst ? address(refusing) : address(token));
        for (uint256 a = 1; a < ASSETS; ++a) {
            MockERC20(assets[a]).mint(address(this), type(uint128).max);
            MockERC20(assets[a]).approve(address(adjudicator), type(uint256).max);
        }

        APP.setAnswer(Answer.Yes);
        uint256[] memory keys = _keys(ALICE, BOB, HUB);
        for (uint256 i = 0; i < keys.length; ++i) {
            vm.deal(vm.addr(keys[i]), 0);
            destinations.push(_to(keys[i]));
        }
        destinations.push(_to(address(RECIPIENT)));
        for (uint256 c = 0; c < CHANNELS; ++c) {
            params.push(_params(_keysOf(c), uint64(c), address(APP)));
            ids.push(adjudicator.channelIdOf(params[c]));
            destinations.push(ids[c]);
        }
    }

    receive() external payable {}

    /* FUNDING */

    function depositETH(uint256 seed) external played {
        uint256 amount = 1 + (_draw(seed, "amount") % 1e24);
        uint256 before = address(this).balance;
        vm.deal(address(this), before + amount);
        try ADJUDICATOR.depositETH{value: amount}(ids[_channel(seed)], 0) {
            put[address(0)] += amount;
            _book();
        } catch {
            vm.deal(address(this), before);
        }
    }

    function depositERC20(uint256 seed) external played {
        uint256 amount = 1 + (_draw(seed, "amount") % 1e24);
        address asset = assets[1 + (_draw(seed, "asset") % 2)];
        try ADJUDICATOR.depositERC20(asset, ids[_channel(seed)], 0, amount) {
            put[asset] += amount;
            _book();
        } catch {}
    }

    /* DISPUTES */

    function challenge(uint256 seed) external played {
        uint256 c = _channel(seed);
        uint8 challenger = uint8(_draw(seed, "challenger") % params[c].participants.length);
        SignedState[] memory support = _support(c, seed);
        ChannelParams memory channel = params[c];
        address account = channel.participants[challenger];
        uint256 before = account.balance;
        vm.deal(account, before + BOND);
        vm.prank(account);
        try ADJUDICATOR.challenge{value: BOND}(channel, support, challenger, "") {
            put[address(0)] += BOND;
            ++posted;
            disputes[ids[c]] = Dispute(clock, 0, 0);
            _book();
        } catch {
            vm.deal(account, before);
        }
    }

    function respond(uint256 seed) external played {
        uint256 c = _disputed(seed);
        try ADJUDICATOR.respond(params[c], _support(c, seed)) {
            _book();
        } catch {}
    }

    function checkpoint(uint256 seed) external played {
        uint256 c = _channel(seed);
        try ADJUDICATOR.checkpoint(params[c], _agreed(c, seed, false)) {
            delete disputes[ids[c]];
            _book();
        } catch {}
    }

    function openArbitration(uint256 seed) external played {
        uint256 c = _disputed(seed);
        try APP.openArbitration(ADJUDICATOR, params[c]) {
            disputes[ids[c]].judgedSince = clock;
            _book();
        } catch {}
    }

    function closeArbitration(uint256 seed) external played {
        uint256 c = _disputed(seed);
        uint8 loser = uint8(_draw(seed, "loser") % (params[c].participants.length + 1));
        (ChannelState memory state, ) = _state(c, seed, false);
        try APP.closeArbitration(ADJUDICATOR, params[c], state, loser) {
            Dispute storage dispute = disputes[ids[c]];
            dispute.judged += clock - dispute.judgedSince;
            _book();
        } catch {}
    }

    function returnBond(uint256 seed) external played {
        try ADJUDICATOR.returnBond(params[_channel(seed)]) {
            _book();
        } catch {}
    }

    /* ENDING */

    function conclude(uint256 seed) external played {
        if (_isEarly(seed)) return;
        uint256 c = _channel(seed);
        try ADJUDICATOR.conclude(params[c], _agreed(c, seed, true)) {
            delete disputes[ids[c]];
            _book();
        } catch {}
    }

    function concludeAndPay(uint256 seed) external played {
        if (_isEarly(seed)) return;
        uint256 c = _channel(seed);
        SignedState memory signed = _agreed(c, seed, true);
        try ADJUDICATOR.concludeAndPay(params[c], signed) {
            delete disputes[ids[c]];
            _entitle(ids[c], signed.outcome);
            _book();
        } catch {}
    }

    /// @notice All allocations of an asset, or one of them.
    function payout(uint256 seed) external played {
        bytes32 id = ids[_channel(seed)];
        Shown memory end = shown[ADJUDICATOR.statusOf(id).stateHash];
        uint256[] memory indices = new uint256[](_draw(seed, "some") % 2);
        if (indices.length != 0) indices[0] = _draw(seed, "allocation") % 3;
        try ADJUDICATOR.payout(id, end.state, end.outcome, _draw(seed, "asset") % ASSETS, indices) {
            _entitle(id, end.outcome);
            _book();
        } catch {}
    }

    function withdraw(uint256 seed) external played {
        uint256 c = _channel(seed);
        address asset = assets[_draw(seed, "asset") % ASSETS];
        bytes32 destination = destinations[_draw(seed, "destination") % DESTINATIONS];
        uint256 deposited = ADJUDICATOR.depositedOf(ids[c], asset);
        uint256 total = _draw(seed, "total") % (deposited + deposited / 4 + 2);
        bytes32 digest = _withdrawalDigest(ADJUDICATOR, ids[c], asset, destination, total);
        try ADJUDICATOR.withdraw(params[c], asset, destination, total, _signatures(_keysOf(c), digest)) {
            _raise(ids[c], asset, destination, total);
            _book();
        } catch {}
    }

    /// @notice The first credit that there is, from a random one on.
    function claimCredit(uint256 seed) external played {
        uint256 first = _draw(seed, "credit") % (ACCOUNTS * ASSETS);
        for (uint256 i = 0; i < ACCOUNTS * ASSETS; ++i) {
            uint256 place = (first + i) % (ACCOUNTS * ASSETS);
            address account = address(uint160(uint256(destinations[place / ASSETS])));
            address asset = assets[place % ASSETS];
            if (ADJUDICATOR.credit(account, asset) == 0) continue;
            try ADJUDICATOR.claimCredit(account, asset) {
                _book();
            } catch {}
            return;
        }
    }

    /* THE WORLD */

    function pass(uint256 seed) external played {
        clock += 1 + (_draw(seed, "time") % (_draw(seed, "long") % 4 == 0 ? DURATION : DURATION / 8));
        vm.warp(clock);
        ++succeeded[msg.sig];
    }

    function setAnswer(uint256 seed) external played {
        APP.setAnswer(_draw(seed, "answer") % 4 == 0 ? Answer.No : Answer.Yes);
        ++succeeded[msg.sig];
    }

    function setRefusing(uint256 seed) external played {
        REFUSING.setRefusing(_draw(seed, "refusing") % 2 == 0);
        ++succeeded[msg.sig];
    }

    function setManner(uint256 seed) external played {
        bytes memory again = abi.encodeCall(ADJUDICATOR.claimCredit, (address(RECIPIENT), address(0)));
        RECIPIENT.setCall(address(ADJUDICATOR), again);
        bool accepts = _draw(seed, "accepts") % 2 == 0;
        RECIPIENT.setManner(accepts ? Manner.Accept : Manner(_draw(seed, "manner") % 5));
        ++succeeded[msg.sig];
    }

    function paramsOf(uint256 c) external view returns (ChannelParams memory) {
        return params[c];
    }

    /* PRIVATE: BOOKS */

    /// @dev Reads the events of a call that went through.
    function _book() private {
        ++succeeded[msg.sig];
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].emitter == address(ADJUDICATOR)) _bookLog(logs[i].topics, logs[i].data);
        }
    }

    function _bookLog(bytes32[] memory topics, bytes memory data) private {
        if (topics[0] == IChannelAdjudicator.BondPaid.selector) {
            if (abi.decode(data, (bool))) ++rewarded;
            else ++returned;
        } else if (topics[0] == IChannelAdjudicator.Deposited.selector) {
            (uint256 amount, ) = abi.decode(data, (uint256, uint256));
            got[topics[1]][address(uint160(uint256(topics[2])))] += amount;
        } else if (topics[0] == IChannelAdjudicator.PaidOut.selector) {
            (uint256 amount, ) = abi.decode(data, (uint256, uint256));
            address asset = address(uint160(uint256(topics[2])));
            paidTotal[topics[1]][asset] += amount;
            paid[topics[1]][asset][topics[3]] += amount;
            if (uint256(topics[3]) >> 160 == 0) paidToAccounts[asset] += amount;
        }
    }

    function _noteEnds() private {
        for (uint256 c = 0; c < CHANNELS; ++c) {
            bytes32 id = ids[c];
            if (ends[id].isEnded) continue;
            ChannelStatus memory status = ADJUDICATOR.statusOf(id);
            if (status.mode < ChannelMode.Finalized) continue;
            ends[id] = End(true, status.mode, status.stateHash);
            for (uint256 a = 0; a < ASSETS; ++a) {
                gotAtEnd[id][assets[a]] = got[id][assets[a]];
                paidAtEnd[id][assets[a]] = paidTotal[id][assets[a]];
            }
        }
    }

    function _entitle(bytes32 id, bytes memory outcome) private {
        AssetOutcome[] memory parts = abi.decode(outcome, (AssetOutcome[]));
        for (uint256 i = 0; i < parts.length; ++i) {
            for (uint256 d = 0; d < DESTINATIONS; ++d) {
                uint256 sum = 0;
                for (uint256 j = 0; j < parts[i].allocations.length; ++j) {
                    Allocation memory allocation = parts[i].allocations[j];
                    if (allocation.destination == destinations[d]) sum += allocation.amount;
                }
                _raise(id, parts[i].asset, destinations[d], sum);
            }
        }
    }

    function _raise(bytes32 id, address asset, bytes32 destination, uint256 total) private {
        if (entitled[id][asset][destination] < total) entitled[id][asset][destination] = total;
    }

    /* PRIVATE: DRAWING */

    /// @dev One state that everybody signed; or a move, alone, after the state of the dispute, or after an agreed one.
    function _support(uint256 c, uint256 seed) private returns (SignedState[] memory support) {
        uint256 kind = _draw(seed, "support") % 4;
        Shown memory known = shown[ADJUDICATOR.statusOf(ids[c]).stateHash];
        if (kind == 2 && !known.isKnown) kind = 1;
        support = new SignedState[](kind < 2 ? 1 : 2);
        if (kind == 0) {
            support[0] = _agreed(c, seed, _draw(seed, "final") % 4 == 0);
            return support;
        }
        if (kind == 2) (support[0].state, support[0].outcome) = (known.state, known.outcome);
        if (kind == 3) support[0] = _agreed(c, seed, false);
        support[support.length - 1] = _moved(c, _draw(seed, "move"));
    }

    function _agreed(uint256 c, uint256 seed, bool isFinal) private returns (SignedState memory signed) {
        (ChannelState memory state, bytes memory outcome) = _state(c, seed, isFinal);
        signed = _signed(ADJUDICATOR, ids[c], _keysOf(c), state);
        signed.outcome = outcome;
    }

    /// @dev Signed by some, but not by all.
    function _moved(uint256 c, uint256 seed) private returns (SignedState memory signed) {
        (signed.state, signed.outcome) = _state(c, seed, _draw(seed, "final") % 4 == 0);
        uint256[] memory keys = _keysOf(c);
        signed.signedBy = _draw(seed, "signers") % ((1 << keys.length) - 1);
        bytes32 digest = ADJUDICATOR.stateDigest(ids[c], signed.state);
        for (uint256 i = 0; i < keys.length; ++i) {
            if ((signed.signedBy >> i) & 1 != 0) {
                signed.signatures = bytes.concat(signed.signatures, _sign(keys[i], digest));
            }
        }
    }

    /// @dev Its turn is one before the channel's to two after it.
    function _state(
        uint256 c,
        uint256 seed,
        bool isFinal
    ) private returns (ChannelState memory state, bytes memory outcome) {
        uint256 turn = ADJUDICATOR.statusOf(ids[c]).turnNum + (_draw(seed, "turn") % 4);
        outcome = _outcome(ids[c], seed);
        state = ChannelState(turn == 0 ? 0 : uint64(turn - 1), isFinal, keccak256(""), keccak256(outcome));
        shown[state.hash(ids[c])] = Shown(true, state, outcome);
    }

    /// @dev Half of the outcomes divide exactly what the channel got, of most of its assets.
    function _outcome(bytes32 id, uint256 seed) private view returns (bytes memory) {
        bool isExact = _draw(seed, "exact") % 2 == 0;
        AssetOutcome[] memory parts = new AssetOutcome[](ASSETS);
        uint256 count = 0;
        for (uint256 a = 0; a < ASSETS; ++a) {
            uint256 deposited = ADJUDICATOR.depositedOf(id, assets[a]);
            uint256 random = _draw(seed, assets[a]);
            if (random % 8 == 0 || (isExact && deposited == 0)) continue;
            parts[count++] = _part(assets[a], _allocations(random, deposited, isExact));
        }
        assembly ("memory-safe") {
            mstore(parts, count)
        }
        return abi.encode(parts);
    }

    function _allocations(
        uint256 seed,
        uint256 deposited,
        bool isExact
    ) private view returns (Allocation[] memory allocations) {
        allocations = new Allocation[](3);
        uint256 left = deposited;
        for (uint256 i = 0; i < 3; ++i) {
            uint256 random = uint256(keccak256(abi.encode(seed, i)));
            uint256 amount = random % (isExact ? left + 1 : deposited + deposited / 2 + 2);
            if (isExact) {
                if (i == 2) amount = left;
                left -= amount;
            }
            allocations[i] = _simple(destinations[(random >> 128) % DESTINATIONS], amount);
        }
    }

    function _channel(uint256 seed) private pure returns (uint256) {
        return _draw(seed, "channel") % CHANNELS;
    }

    /// @dev A channel with a dispute, where there is one.
    function _disputed(uint256 seed) private view returns (uint256) {
        uint256 first = _channel(seed);
        for (uint256 i = 0; i < CHANNELS; ++i) {
            bytes32 id = ids[(first + i) % CHANNELS];
            if (disputes[id].begun != 0 && !ends[id].isEnded) return (first + i) % CHANNELS;
        }
        return first;
    }

    /// @dev Three of four agreements to end are put off, so that something happens before them.
    function _isEarly(uint256 seed) private pure returns (bool) {
        return _draw(seed, "early") % 4 != 0;
    }

    function _keysOf(uint256 c) private pure returns (uint256[] memory) {
        if (c == 2) return _keys(ALICE, BOB, HUB);
        return _keys(ALICE, c == 0 ? BOB : HUB);
    }

    function _draw(uint256 seed, string memory what) private pure returns (uint256) {
        return uint256(keccak256(abi.encode(seed, what)));
    }

    function _draw(uint256 seed, address what) private pure returns (uint256) {
        return uint256(keccak256(abi.encode(seed, what)));
    }
}

/// @notice The invariants of docs/channels.md §8, after any sequence of the handler's calls.
contract ChannelInvariantsTest is Test {
    ChannelAdjudicator private adjudicator;
    ChannelHandler private handler;

    function setUp() public {
        adjudicator = new ChannelAdjudicator(1 gwei);
        handler = new ChannelHandler(adjudicator, new MockERC20(), new NoRevertToken());
        targetContract(address(handler));
    }

    /// @notice For every asset: holdings, credits and bonds are there, to the unit; and what left is where it was paid to.
    /// forge-config: default.invariant.runs = 16
    /// forge-config: default.invariant.depth = 64
    /// forge-config: default.invariant.fail-on-revert = true
    function invariant_whatIsOwedIsThere() public view {
        for (uint256 a = 0; a < handler.ASSETS(); ++a) {
            address asset = handler.assets(a);
            uint256 held = _balance(asset, address(adjudicator));
            uint256 owed = 0;
            for (uint256 c = 0; c < handler.CHANNELS(); ++c) owed += adjudicator.holdingsOf(handler.ids(c), asset);
            (uint256 credits, uint256 outside) = _outside(asset);
            if (asset == address(0)) owed += _bondsHeld() * handler.BOND();
            assertEq(held, owed + credits, "holdings, credits and bonds");
            assertEq(held + outside, handler.put(asset), "nothing is lost");

            uint256 bonds = asset == address(0) ? (handler.returned() + handler.rewarded()) * handler.BOND() : 0;
            assertEq(outside + credits, handler.paidToAccounts(asset) + bonds, "accounts have what they were paid");
        }
    }

    /// @notice A channel pays from what it got, and a destination gets what was signed for it.
    /// forge-config: default.invariant.runs = 16
    /// forge-config: default.invariant.depth = 64
    /// forge-config: default.invariant.fail-on-revert = true
    function invariant_nobodyGetsMoreThanTheirs() public view {
        for (uint256 c = 0; c < handler.CHANNELS(); ++c) {
            bytes32 id = handler.ids(c);
            for (uint256 a = 0; a < handler.ASSETS(); ++a) {
                address asset = handler.assets(a);
                assertLe(handler.paidTotal(id, asset), handler.got(id, asset), "not above what the channel got");
                uint256 left = handler.got(id, asset) - handler.paidTotal(id, asset);
                assertEq(adjudicator.holdingsOf(id, asset), left, "the rest is held");
                uint256 sum = 0;
                for (uint256 d = 0; d < handler.DESTINATIONS(); ++d) {
                    bytes32 destination = handler.destinations(d);
                    uint256 paid = handler.paid(id, asset, destination);
                    assertLe(paid, handler.entitled(id, asset, destination), "not above what was signed");
                    sum += paid;
                }
                assertEq(sum, handler.paidTotal(id, asset), "nobody else is paid");
            }
        }
    }

    /// @notice However many moves are forced: every participant's clock once, and the time that the judge takes.
    /// forge-config: default.invariant.runs = 16
    /// forge-config: default.invariant.depth = 64
    /// forge-config: default.invariant.fail-on-revert = true
    function invariant_disputesEndInTime() public {
        vm.warp(handler.clock());
        for (uint256 c = 0; c < handler.CHANNELS(); ++c) {
            bytes32 id = handler.ids(c);
            (uint256 begun, uint256 judged, ) = handler.disputes(id);
            ChannelStatus memory status = adjudicator.statusOf(id);
            if (begun == 0 || status.mode == ChannelMode.Arbitration) continue;
            ChannelParams memory params = handler.paramsOf(c);
            uint256 latest = begun + params.participants.length * params.challengeDuration + judged;
            assertLe(status.finalizesAt, latest, "n clocks and the judge's time");
            if (status.mode != ChannelMode.Challenge) continue;
            uint256 remaining = 0;
            for (uint256 i = 0; i < params.participants.length; ++i) remaining += adjudicator.remainingTime(params, i);
            assertLe(handler.clock() + remaining, latest, "no clock gets time back");
        }
    }

    /// @notice What is final stays. A closed channel takes nothing, and pays nothing more of what it closed with.
    /// forge-config: default.invariant.runs = 16
    /// forge-config: default.invariant.depth = 64
    /// forge-config: default.invariant.fail-on-revert = true
    function invariant_endsAreEnds() public {
        vm.warp(handler.clock());
        for (uint256 c = 0; c < handler.CHANNELS(); ++c) {
            bytes32 id = handler.ids(c);
            (bool isEnded, ChannelMode mode, bytes32 stateHash) = handler.ends(id);
            ChannelStatus memory status = adjudicator.statusOf(id);
            assertEq(status.mode >= ChannelMode.Finalized, isEnded, "ends are seen");
            if (!isEnded) continue;
            assertEq(uint8(status.mode), uint8(mode), "final for ever");
            assertEq(status.stateHash, stateHash, "by the same state");
            if (mode != ChannelMode.Closed) continue;
            for (uint256 a = 0; a < handler.ASSETS(); ++a) {
                address asset = handler.assets(a);
                uint256 got = handler.gotAtEnd(id, asset);
                assertEq(handler.got(id, asset), got, "nothing enters");
                // What the outcome does not name stays, and everybody together can still withdraw it.
                if (handler.paidAtEnd(id, asset) != got) continue;
                assertEq(handler.paidTotal(id, asset), got, "nothing leaves");
            }
        }
    }

    /// @notice Every bond that was posted is held, or was returned or given as a reward, once.
    /// forge-config: default.invariant.runs = 16
    /// forge-config: default.invariant.depth = 64
    /// forge-config: default.invariant.fail-on-revert = true
    function invariant_bondsArePaidOnce() public view {
        assertEq(handler.posted(), _bondsHeld() + handler.returned() + handler.rewarded());
    }

    /// @notice The handler's games are not idle: in a few of them each action goes through, and each end is reached.
    function test_everythingHappensInSomeGame() public {
        bytes4[] memory actions = _actions();
        uint256[] memory reached = new uint256[](actions.length);
        uint256[4] memory events;
        for (uint256 game = 0; game < 8; ++game) {
            setUp();
            for (uint256 step = 0; step < 160; ++step) {
                uint256 seed = uint256(keccak256(abi.encode(game, step)));
                bytes4 action = actions[(seed >> 128) % actions.length];
                (bool success, ) = address(handler).call(abi.encodeWithSelector(action, seed));
                assertTrue(success, "an action fails inside");
            }
            invariant_whatIsOwedIsThere();
            invariant_nobodyGetsMoreThanTheirs();
            invariant_disputesEndInTime();
            invariant_endsAreEnds();
            invariant_bondsArePaidOnce();
            for (uint256 i = 0; i < actions.length; ++i) reached[i] += handler.succeeded(actions[i]);
            events[0] += handler.returned();
            events[1] += handler.rewarded();
            for (uint256 c = 0; c < handler.CHANNELS(); ++c) {
                (, ChannelMode mode, ) = handler.ends(handler.ids(c));
                if (mode == ChannelMode.Finalized) ++events[2];
                if (mode == ChannelMode.Closed) ++events[3];
            }
        }
        for (uint256 i = 0; i < actions.length; ++i) {
            assertGt(reached[i], 0, string.concat("action ", vm.toString(i)));
        }
        for (uint256 i = 0; i < events.length; ++i) assertGt(events[i], 0, string.concat("event ", vm.toString(i)));
    }

    /* PRIVATE */

    function _actions() private view returns (bytes4[] memory actions) {
        actions = new bytes4[](17);
        actions[0] = handler.depositETH.selector;
        actions[1] = handler.depositERC20.selector;
        actions[2] = handler.challenge.selector;
        actions[3] = handler.respond.selector;
        actions[4] = handler.checkpoint.selector;
        actions[5] = handler.openArbitration.selector;
        actions[6] = handler.closeArbitration.selector;
        actions[7] = handler.returnBond.selector;
        actions[8] = handler.conclude.selector;
        actions[9] = handler.concludeAndPay.selector;
        actions[10] = handler.payout.selector;
        actions[11] = handler.withdraw.selector;
        actions[12] = handler.claimCredit.selector;
        actions[13] = handler.pass.selector;
        actions[14] = handler.setAnswer.selector;
        actions[15] = handler.setRefusing.selector;
        actions[16] = handler.setManner.selector;
    }

    function _bondsHeld() private view returns (uint256 count) {
        for (uint256 c = 0; c < handler.CHANNELS(); ++c) {
            if (adjudicator.statusOf(handler.ids(c)).bondHeld) ++count;
        }
    }

    /// @dev What accounts are owed and have. Of ETH the handler has only its rewards.
    function _outside(address asset) private view returns (uint256 credits, uint256 outside) {
        for (uint256 i = 0; i < handler.ACCOUNTS(); ++i) {
            address account = address(uint160(uint256(handler.destinations(i))));
            credits += adjudicator.credit(account, asset);
            outside += _balance(asset, account);
        }
        if (asset == address(0)) outside += address(handler).balance;
    }

    function _balance(address asset, address account) private view returns (uint256) {
        return asset == address(0) ? account.balance : MockERC20(asset).balanceOf(account);
    }
}
