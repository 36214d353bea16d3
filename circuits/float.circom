pragma circom 2.1.5;

include "circomlib/circuits/bitify.circom";

// value = m * 10^e; code = m * 2^5 + e, where m has MANTISSA bits. The code's range is checked.
template Float(MANTISSA) {
    signal input code;
    signal output value;

    signal bits[MANTISSA + 5] <== Num2Bits(MANTISSA + 5)(code);
    var mantissa = 0;
    for (var i = 0; i < MANTISSA; i++) {
        mantissa += bits[5 + i] * (1 << i);
    }
    signal power[6];
    power[0] <== 1;
    for (var i = 0; i < 5; i++) {
        power[i + 1] <== power[i] * (1 + bits[i] * (10 ** (1 << i) - 1));
    }
    value <== mantissa * power[5];
}
