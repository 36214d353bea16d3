pragma circom 2.1.5;

include "circomlib/circuits/bitify.circom";
include "leaf.circom";
include "path.circom";

// Adds the segment's fees to one leaf that exists.
template Fees(LEVELS) {
    signal input amount;
    signal input index;
    signal input owner;
    signal input token;
    signal input nonce;
    signal input balance;
    signal input ax;
    signal input ay;
    signal input nextOwner;
    signal input nextToken;
    signal input children[LEVELS][4];
    signal input treeRoot;
    signal output treeRootAfter;

    _ <== Num2Bits(160)(token);
    _ <== Num2Bits(64)(nonce);
    signal aux <== LeafAux()(ax, ay, nextOwner, nextToken);
    var word = token + nonce * (1 << 160);
    signal before <== LeafHash()(owner, word, balance, aux);
    signal after <== LeafHash()(owner, word, balance + amount, aux);

    component update = PathUpdate(LEVELS);
    update.index <== index;
    update.before <== before;
    update.after <== after;
    update.children <== children;
    update.rootBefore === treeRoot;
    treeRootAfter <== update.rootAfter;
}
