// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice `Open` until resolved.
enum ClaimStatus {
    Open,
    Standing,
    Refuted
}

/// @notice What L1 keeps of a claim, or of a batch under dispute: one word.
/// @param claimant Who posted it, and whose bond it holds; for a batch its submitter.
/// @param postedAt L1 time in seconds; for a batch when it was posted.
/// @param used Seconds that its line has used of its clock.
/// @param depth 0 for a batch.
/// @param openChildren Claims that counter it and are not resolved; below 2^31.
/// @param status Open until resolved.
/// @param holdsTip Of a batch: a claim against it left the tip for resolving the batch.
struct ClaimState {
    address claimant;
    uint32 postedAt;
    uint24 used;
    uint8 depth;
    uint32 openChildren;
    ClaimStatus status;
    bool holdsTip;
}

/// @notice The same as it is stored: one word, zero where there is none.
/// @dev From the highest bits: openChildren 31, holdsTip 1, status 2, depth 6, used 24, postedAt 32, claimant 160.
type ClaimWord is uint256;

using ClaimWordLib for ClaimWord global;

/// @title ClaimWordLib
/// @notice Fields of a claim's word.
library ClaimWordLib {
    uint256 private constant POSTED_AT = 160;
    uint256 private constant USED = 192;
    uint256 private constant DEPTH = 216;
    uint256 private constant STATUS = 222;
    uint256 private constant HOLDS_TIP = 224;
    uint256 private constant OPEN_CHILDREN = 225;

    /// @notice An open claim without children.
    /// @param postedAt_ In seconds; kept modulo 2^32, see `age`.
    /// @param used_ In seconds, below 2^24.
    /// @param depth_ Below 2^6.
    function create(
        address claimant_,
        uint256 postedAt_,
        uint256 used_,
        uint256 depth_
    ) internal pure returns (ClaimWord) {
        return
            ClaimWord.wrap(
                uint256(uint160(claimant_)) |
                    (uint256(uint32(postedAt_)) << POSTED_AT) |
                    (used_ << USED) |
                    (depth_ << DEPTH)
            );
    }

    function exists(ClaimWord self) internal pure returns (bool) {
        return ClaimWord.unwrap(self) != 0;
    }

    function claimant(ClaimWord self) internal pure returns (address) {
        return address(uint160(ClaimWord.unwrap(self)));
    }

    function postedAt(ClaimWord self) internal pure returns (uint32) {
        return uint32(ClaimWord.unwrap(self) >> POSTED_AT);
    }

    function used(ClaimWord self) internal pure returns (uint24) {
        return uint24(ClaimWord.unwrap(self) >> USED);
    }

    function depth(ClaimWord self) internal pure returns (uint8) {
        return uint8((ClaimWord.unwrap(self) >> DEPTH) & 0x3f);
    }

    function status(ClaimWord self) internal pure returns (ClaimStatus) {
        return ClaimStatus((ClaimWord.unwrap(self) >> STATUS) & 3);
    }

    function openChildren(ClaimWord self) internal pure returns (uint32) {
        return uint32(ClaimWord.unwrap(self) >> OPEN_CHILDREN);
    }

    function holdsTip(ClaimWord self) internal pure returns (bool) {
        return (ClaimWord.unwrap(self) >> HOLDS_TIP) & 1 != 0;
    }

    function unpack(ClaimWord self) internal pure returns (ClaimState memory) {
        return
            ClaimState({
                claimant: self.claimant(),
                postedAt: self.postedAt(),
                used: self.used(),
                depth: self.depth(),
                openChildren: self.openChildren(),
                status: self.status(),
                holdsTip: self.holdsTip()
            });
    }

    /// @notice Seconds since the claim was posted. Right also where L1 time passes 2^32 in between.
    function age(ClaimWord self) internal view returns (uint256) {
        unchecked {
            return uint32(block.timestamp) - self.postedAt();
        }
    }

    /// @notice The same claim once it is resolved; it was open.
    function resolved(ClaimWord self, bool isRefuted) internal pure returns (ClaimWord) {
        uint256 status_ = uint256(isRefuted ? ClaimStatus.Refuted : ClaimStatus.Standing);
        return ClaimWord.wrap(ClaimWord.unwrap(self) | (status_ << STATUS));
    }

    /// @notice The same batch with the tip for resolving it.
    function holdTip(ClaimWord self) internal pure returns (ClaimWord) {
        return ClaimWord.wrap(ClaimWord.unwrap(self) | (1 << HOLDS_TIP));
    }

    /// @notice The same claim with one more unresolved child. Reverts beyond 2^31 - 1.
    function addChild(ClaimWord self) internal pure returns (ClaimWord) {
        return ClaimWord.wrap(ClaimWord.unwrap(self) + (1 << OPEN_CHILDREN));
    }

    /// @notice The same claim with one less unresolved child. Reverts where there is none.
    function removeChild(ClaimWord self) internal pure returns (ClaimWord) {
        return ClaimWord.wrap(ClaimWord.unwrap(self) - (1 << OPEN_CHILDREN));
    }
}
