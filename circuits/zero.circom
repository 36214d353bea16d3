pragma circom 2.1.5;

// out = 1 if in is 0, else 0. The inverse of 0 is 0: circomlib's template leaves it free, here every wire has one value.
template IsZeroStrict() {
    signal input in;
    signal output out;
    signal inverse;

    inverse <-- in != 0 ? 1 / in : 0;
    out <== 1 - in * inverse;
    in * out === 0;
    inverse * out === 0;
}

template IsEqualStrict() {
    signal input in[2];
    signal output out;

    out <== IsZeroStrict()(in[0] - in[1]);
}
