// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

import {DisputeParameters} from "../dispute/DisputeParameters.sol";
import {IBugEvidence} from "./IBugEvidence.sol";
import {IConfiguredChain} from "./IConfiguredChain.sol";
import {IConfiguredGame} from "./IConfiguredGame.sol";

/// @title StepEvidence
/// @notice Evidence against a dispute game: two one-step proofs by which its verifier takes one state of its program to two
/// states. With such a verifier whoever proves last wins, whatever is true.
/// @dev Stateless. Invariant: the verifier that is asked is the one that the chain's next batches are judged by.
contract StepEvidence is IBugEvidence {
    /// @notice The chain whose judge is meant.
    IConfiguredChain public immutable CHAIN;

    constructor(IConfiguredChain chain) {
        if (address(chain) == address(0)) revert EvidenceZeroParameter("chain");
        CHAIN = chain;
    }

    /// @inheritdoc IBugEvidence
    /// @param evidence `abi.encode(bytes32 state, bytes witness, bytes otherWitness)`.
    function check(bytes calldata evidence) external view returns (address judge) {
        (bytes32 state, bytes memory witness, bytes memory other) = abi.decode(evidence, (bytes32, bytes, bytes));
        judge = CHAIN.parameters().resolver;
        DisputeParameters memory game = IConfiguredGame(judge).parameters();
        bytes32 next = game.verifier.step(game.codeRoot, state, witness);
        if (game.verifier.step(game.codeRoot, state, other) == next) revert EvidenceAgrees(next);
    }
}
