pragma circom 2.1.5;

include "circomlib/circuits/babyjub.circom";
include "circomlib/circuits/bitify.circom";
include "circomlib/circuits/compconstant.circom";
include "circomlib/circuits/escalarmulany.circom";
include "circomlib/circuits/escalarmulfix.circom";
include "circomlib/circuits/poseidon.circom";

// EdDSA over BabyJubjub with Poseidon, as circomlib's: S * B8 = R8 + 8 * P5(R8, A, message) * A, where S is below the subgroup's
// order, A and R8 are on the curve and 8 * A is not the neutral point.
//
// A slot without a transfer holds one fixed signature instead, by the key B8 for message 0 with R8 = (0, 1): so every constraint
// always holds, and no wire is free.
template Signature() {
    signal input enabled;
    signal input ax;
    signal input ay;
    signal input message;
    signal input r8x;
    signal input r8y;
    signal input s;

    var BASE[2] = [
        5299619240641551281634865583518297030282874472190772894086521144482721001553,
        16950150798460657717958625567821834550301663161624707787222815936182638968203
    ];
    var LAST_SCALAR = 2736030358979909402780800718157159386076813972158567259200215660948447373040;

    signal keyX <== BASE[0] + enabled * (ax - BASE[0]);
    signal keyY <== BASE[1] + enabled * (ay - BASE[1]);
    signal signed <== enabled * message;
    (1 - enabled) * r8x === 0;
    (1 - enabled) * (r8y - 1) === 0;

    BabyCheck()(keyX, keyY);
    BabyCheck()(r8x, r8y);

    signal scalar[253] <== Num2Bits(253)(s);
    component limit = CompConstant(LAST_SCALAR);
    for (var i = 0; i < 253; i++) {
        limit.in[i] <== scalar[i];
    }
    limit.in[253] <== 0;
    limit.out === 0;

    signal challenge <== Poseidon(5)([r8x, r8y, keyX, keyY, signed]);
    signal challengeBits[254] <== Num2Bits_strict()(challenge);

    signal twice[2];
    (twice[0], twice[1]) <== BabyDbl()(keyX, keyY);
    signal fourTimes[2];
    (fourTimes[0], fourTimes[1]) <== BabyDbl()(twice[0], twice[1]);
    signal eightTimes[2];
    (eightTimes[0], eightTimes[1]) <== BabyDbl()(fourTimes[0], fourTimes[1]);
    signal inverse <-- eightTimes[0] != 0 ? 1 / eightTimes[0] : 0;
    eightTimes[0] * inverse === 1;

    component byKey = EscalarMulAny(254);
    byKey.e <== challengeBits;
    byKey.p <== eightTimes;
    component byBase = EscalarMulFix(253, BASE);
    byBase.e <== scalar;

    signal right[2];
    (right[0], right[1]) <== BabyAdd()(r8x, r8y, byKey.out[0], byKey.out[1]);
    byBase.out[0] === right[0];
    byBase.out[1] === right[1];
}
