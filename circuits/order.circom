pragma circom 2.1.5;

include "circomlib/circuits/bitify.circom";
include "zero.circom";

// Where (owner, token) stands in the sorted list: the pair is the leaf's own (found = 1), or strictly between it and the leaf's
// next. Pairs compare by owner, then by token. The leaf's fields and `token` are below 2^160, the next owner at most 2^160; that
// `owner` is, follows from the comparisons, whose differences are below 2^161 and cannot wrap.
template ListPlace() {
    signal input owner;
    signal input token;
    signal input leafOwner;
    signal input leafToken;
    signal input nextOwner;
    signal input nextToken;
    signal output found;

    signal sameOwner <== IsEqualStrict()([owner, leafOwner]);
    signal sameToken <== IsEqualStrict()([token, leafToken]);
    found <== sameOwner * sameToken;

    signal above <== owner - leafOwner + sameOwner * (token - leafToken - owner + leafOwner);
    _ <== Num2Bits(161)(above - 1 + found);

    signal nextSame <== IsEqualStrict()([owner, nextOwner]);
    signal below <== nextOwner - owner + nextSame * (nextToken - token - nextOwner + owner);
    _ <== Num2Bits(161)(below - 1);
}
