pragma circom 2.1.5;

include "circomlib/circuits/poseidon.circom";

// Appends to two polynomials in r what a slot has: its operation or transfer to the first, its withdrawal to the second, which
// has its power of r beside it because it is appended to the first at the end. Elements of what a slot has not are 0.
template Absorb(TRANSFERS_ON_L1) {
    signal input r;
    // r^2, r^3, r^4
    signal input powers[3];
    signal input isOperation;
    signal input isTransfer;
    signal input isWithdrawal;
    signal input operation[4];
    signal input t;
    signal input withdrawal[4];
    // Polynomial of operations and transfers, 1 if the transfers so far are an odd number, or their hash; then the second's.
    signal input first;
    signal input transfers;
    signal input second;
    signal input power;
    signal output firstAfter;
    signal output transfersAfter;
    signal output secondAfter;
    signal output powerAfter;

    signal o[3];
    signal w[3];
    for (var i = 0; i < 3; i++) {
        var p = i == 2 ? r : powers[1 - i];
        o[i] <== operation[i] * p;
        w[i] <== withdrawal[i] * p;
    }
    var polynomial = o[0] + o[1] + o[2] + operation[3];

    if (TRANSFERS_ON_L1) {
        // Two transfers share an element: the first opens it, the second is added to it.
        signal closes <== isTransfer * transfers;
        var opens = isTransfer - closes;
        transfersAfter <== transfers + isTransfer - 2 * closes;
        signal shift <== isOperation * (powers[2] - 1);
        signal factor <== 1 + shift + opens * (r - 1);
        signal placed <== t * (1 + opens * ((1 << 112) - 1));
        firstAfter <== first * factor + polynomial + placed;
    } else {
        signal hash <== Poseidon(2)([transfers, t]);
        transfersAfter <== transfers + isTransfer * (hash - transfers);
        signal factor <== 1 + isOperation * (powers[2] - 1);
        firstAfter <== first * factor + polynomial;
    }

    signal step <== 1 + isWithdrawal * (powers[2] - 1);
    secondAfter <== second * step + w[0] + w[1] + w[2] + withdrawal[3];
    powerAfter <== power * step;
}
