pragma circom 2.1.5;

include "circomlib/circuits/poseidon.circom";
include "circomlib/circuits/bitify.circom";

// One node on the way up a 4-ary tree, before and after an update of its child number low + 2 * high.
template Step() {
    signal input before;
    signal input after;
    // All four children before the update; the one at the position is `before`.
    signal input children[4];
    signal input low;
    signal input high;
    signal output nodeBefore;
    signal output nodeAfter;

    signal left <== children[0] + low * (children[1] - children[0]);
    signal right <== children[2] + low * (children[3] - children[2]);
    left + high * (right - left) - before === 0;

    // What is added to each child: the difference at the position, 0 elsewhere.
    var difference = after - before;
    signal last <== low * high;
    signal odd <== low * difference;
    signal upper <== high * difference;
    signal third <== last * difference;
    var change[4] = [difference - odd - upper + third, odd - third, upper - third, third];

    component old = Poseidon(4);
    component new = Poseidon(4);
    for (var i = 0; i < 4; i++) {
        old.inputs[i] <== children[i];
        new.inputs[i] <== children[i] + change[i];
    }
    nodeBefore <== old.out;
    nodeAfter <== new.out;
}

// The leaf at `index` is `before` in the tree of rootBefore, and `after` in that of rootAfter; all else is equal. index < 4^LEVELS.
template PathUpdate(LEVELS) {
    signal input index;
    signal input before;
    signal input after;
    // From the leaf up.
    signal input children[LEVELS][4];
    signal output rootBefore;
    signal output rootAfter;

    signal bits[2 * LEVELS] <== Num2Bits(2 * LEVELS)(index);
    component steps[LEVELS];
    for (var i = 0; i < LEVELS; i++) {
        steps[i] = Step();
        steps[i].before <== i == 0 ? before : steps[i - 1].nodeBefore;
        steps[i].after <== i == 0 ? after : steps[i - 1].nodeAfter;
        steps[i].children <== children[i];
        steps[i].low <== bits[2 * i];
        steps[i].high <== bits[2 * i + 1];
    }
    rootBefore <== steps[LEVELS - 1].nodeBefore;
    rootAfter <== steps[LEVELS - 1].nodeAfter;
}
