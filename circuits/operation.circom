pragma circom 2.1.5;

include "circomlib/circuits/bitify.circom";
include "zero.circom";

// What an operation does with the leaf that `found` says is its owner's in its token (else: the one before it in the list).
// All kinds are 0 in a slot without an operation: nothing happens then. e3 and e4 come from L1, which knows their ranges: an amount
// is below 2^192, and a leaf's balance below 2^252.
template Operation() {
    // One-hot: deposit, withdraw, withdraw all, register, change key, create.
    signal input kind[6];
    signal input found;
    signal input full;
    // What a transfer takes, 0 in an operation: both use the one comparison with the balance.
    signal input spent;
    signal input balance;
    signal input ax;
    signal input ay;
    signal input e3;
    signal input e4;
    // A new leaf for (owner, token), with its balance.
    signal output create;
    signal output createdBalance;
    signal output setKey;
    signal output newBalance;
    // A withdrawal to e3.
    signal output exits;
    signal output exitAmount;
    // The balance covers what the slot asks of it.
    signal output covered;

    signal missing <== (1 - found) * (kind[0] + kind[5]);
    create <== missing * (1 - full);
    signal bounced <== kind[0] * (missing - create);

    signal deposited <== kind[0] * e4;
    signal added <== found * deposited;
    createdBalance <== create * deposited;
    signal returned <== bounced * e4;

    signal asked <== kind[1] * e4;
    signal difference[253] <== Num2Bits(253)((1 << 252) + balance - asked - kind[2] - spent);
    covered <== difference[252];
    signal payable <== found * covered;
    signal left <== payable * (kind[1] + kind[2]);
    signal whole <== kind[2] * balance;
    signal taken <== left * (asked + whole);

    signal noX <== IsZeroStrict()(ax);
    signal noY <== IsZeroStrict()(ay);
    signal noKey <== noX * noY;
    signal registers <== kind[3] * noKey;
    setKey <== found * (registers + kind[4]);

    newBalance <== balance + added - taken;
    exits <== bounced + left;
    exitAmount <== returned + taken;
}
