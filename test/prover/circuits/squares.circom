pragma circom 2.1.5;

// Squares again and again: a constraint each.
template Squares(count) {
    signal input start;
    signal output end;

    signal values[count + 1];
    values[0] <== start;
    for (var i = 0; i < count; i++) {
        values[i + 1] <== values[i] * values[i] + i;
    }
    end <== values[count];
}
