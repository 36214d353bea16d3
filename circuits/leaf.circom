pragma circom 2.1.5;

include "circomlib/circuits/poseidon.circom";

template LeafAux() {
    signal input ax;
    signal input ay;
    signal input nextOwner;
    signal input nextToken;
    signal output out;

    out <== Poseidon(4)([ax, ay, nextOwner, nextToken]);
}

// word = token + nonce * 2^160. Whoever takes it apart checks both ranges: else another token with another nonce has the same word.
template LeafHash() {
    signal input owner;
    signal input word;
    signal input balance;
    signal input aux;
    signal output out;

    out <== Poseidon(4)([owner, word, balance, aux]);
}
