// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {IRoutedVerifier} from "./IRoutedVerifier.sol";
import {IValidityVerifier} from "./IValidityVerifier.sol";

/// @title VerifierRoutes
/// @notice Passes a proof on to the verifier that its first four bytes name, so that proofs of several systems and versions
/// go to one address. See docs/verifiers.md.
/// @dev Invariants:
/// 1. Only the timelock adds and removes routes: whoever dislikes a verifier has left before it counts.
/// 2. A selector has one verifier, ever. Removed, it stays dead: it is never added again.
contract VerifierRoutes is IValidityVerifier {
    /// @notice Proofs that begin with `selector` go to `verifier`.
    event RouteAdded(bytes4 indexed selector, IRoutedVerifier indexed verifier);
    /// @notice No proof that begins with `selector` is taken any more.
    event RouteRemoved(bytes4 indexed selector, IRoutedVerifier indexed verifier);

    /// @notice Only the timelock may call.
    error RoutesUnauthorized(address caller);
    /// @notice The owner must be a contract: a route without notice must have no path.
    error RoutesTimelockWithoutCode(address timelock);
    /// @notice The selector has or had a verifier.
    error RoutesTaken(bytes4 selector, IRoutedVerifier verifier);
    /// @notice The contract takes what is no proof.
    error RoutesNotVerifier(IRoutedVerifier verifier);
    /// @notice The selector never had a verifier.
    error RoutesUnknown(bytes4 selector);
    /// @notice The selector's verifier was removed.
    error RoutesRemoved(bytes4 selector);

    /// @param verifier Zero where there never was one.
    /// @param isRemoved For ever.
    struct Route {
        IRoutedVerifier verifier;
        bool isRemoved;
    }

    /* IMMUTABLES AND STORAGE */

    /// @notice Adds and removes routes.
    address public immutable TIMELOCK;

    mapping(bytes4 selector => Route route) private _routes;

    /* CONSTRUCTOR */

    constructor(address timelock) {
        if (timelock.code.length == 0) revert RoutesTimelockWithoutCode(timelock);
        TIMELOCK = timelock;
    }

    /* ROUTES */

    /// @notice Adds the verifier under the selector that it names.
    function addRoute(IRoutedVerifier verifier) external {
        _requireTimelock();
        bytes4 selector = verifier.selector();
        Route storage route = _routes[selector];
        if (address(route.verifier) != address(0)) revert RoutesTaken(selector, route.verifier);
        // INVARIANT: what takes every call, as a contract with a fallback function does, is no verifier.
        try verifier.verify(0, "", abi.encodePacked(selector)) {
            revert RoutesNotVerifier(verifier);
        } catch {
            route.verifier = verifier;
        }
        emit RouteAdded(selector, verifier);
    }

    /// @notice Ends the route of a selector, for ever.
    function removeRoute(bytes4 selector) external {
        _requireTimelock();
        IRoutedVerifier verifier = verifierOf(selector);
        _routes[selector].isRemoved = true;
        emit RouteRemoved(selector, verifier);
    }

    /// @notice Where proofs that begin with `selector` go. Who must not be surprised by a removal keeps this address itself.
    function verifierOf(bytes4 selector) public view returns (IRoutedVerifier) {
        Route memory route = _routes[selector];
        if (address(route.verifier) == address(0)) revert RoutesUnknown(selector);
        if (route.isRemoved) revert RoutesRemoved(selector);
        return route.verifier;
    }

    /* VERIFICATION */

    /// @inheritdoc IValidityVerifier
    function verify(bytes32 programId, bytes calldata publicValues, bytes calldata proof) external view {
        verifierOf(_selectorOf(proof)).verify(programId, publicValues, proof);
    }

    /// @inheritdoc IValidityVerifier
    /// @dev All proofs have one selector: the verifier refuses those with another.
    function verifyMany(bytes32 programId, bytes[] calldata publicValues, bytes[] calldata proofs) external view {
        if (proofs.length == 0) revert ValidityCounts(publicValues.length, proofs.length);
        verifierOf(_selectorOf(proofs[0])).verifyMany(programId, publicValues, proofs);
    }

    /* PRIVATE */

    function _requireTimelock() private view {
        if (msg.sender != TIMELOCK) revert RoutesUnauthorized(msg.sender);
    }

    function _selectorOf(bytes calldata proof) private pure returns (bytes4) {
        if (proof.length < 4) revert ValidityNoSelector(proof.length);
        return bytes4(proof);
    }
}
