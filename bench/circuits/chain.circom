pragma circom 2.1.5;

include "poseidon.circom";

// A chain of hashes that starts with a secret.
template Chain(length) {
    signal input secret;
    signal input salts[length];
    signal output end;

    component hash[length];
    for (var i = 0; i < length; i++) {
        hash[i] = Poseidon(2);
        hash[i].inputs[0] <== i == 0 ? secret : hash[i - 1].out;
        hash[i].inputs[1] <== salts[i];
    }
    end <== hash[length - 1].out;
}
