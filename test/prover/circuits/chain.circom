pragma circom 2.1.5;

include "poseidon.circom";

// A chain of hashes from a secret: `2^log` rows are filled by its length.
template Chain(length) {
    signal input secret;
    signal input salts[length];
    signal input claimed;
    signal output sum;

    component hash[length];
    for (var i = 0; i < length; i++) {
        hash[i] = Poseidon(2);
        hash[i].inputs[0] <== i == 0 ? secret : hash[i - 1].out;
        hash[i].inputs[1] <== salts[i];
    }
    claimed === hash[length - 1].out;
    sum <== secret + claimed;
}
