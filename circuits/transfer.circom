pragma circom 2.1.5;

include "circomlib/circuits/poseidon.circom";
include "float.circom";
include "signature.circom";
include "zero.circom";

// The 14 bytes of a transfer, and its owner's signature. Without `enabled` all that comes out is 0, and so are the inputs that stand
// in the data. `from` is below 4^LEVELS <= 2^32, and so is `to` because the slot looks its leaf up there.
template Transfer() {
    signal input enabled;
    signal input from;
    // 0: a withdrawal.
    signal input to;
    signal input amountCode;
    signal input feeCode;
    signal input txDomain;
    // Of the sender's leaf.
    signal input owner;
    signal input word;
    signal input ax;
    signal input ay;
    // Owner of the receiving leaf, and the L1 target of a withdrawal (else 0).
    signal input receiver;
    signal input target;
    signal input r8x;
    signal input r8y;
    signal input s;
    signal output t;
    signal output amount;
    signal output fee;
    signal output isWithdrawal;

    amount <== Float(35)(amountCode);
    fee <== Float(3)(feeCode);
    // Both codes are in range: their sum is 0 only if they are.
    (1 - enabled) * (amountCode + feeCode) === 0;
    (1 - enabled) * to === 0;
    t <== enabled * (from * (1 << 80) + to * (1 << 48) + amountCode * (1 << 8) + feeCode);

    signal toNobody <== IsZeroStrict()(to);
    isWithdrawal <== enabled * toNobody;
    (1 - isWithdrawal) * target === 0;
    signal recipient <== receiver + isWithdrawal * (target - receiver);
    var packed = owner + amountCode * (1 << 160) + feeCode * (1 << 200) + isWithdrawal * (1 << 208);
    signal message <== Poseidon(4)([txDomain, packed, word, recipient]);
    Signature()(enabled, ax, ay, message, r8x, r8y, s);
}
