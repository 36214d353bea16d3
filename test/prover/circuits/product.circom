pragma circom 2.1.5;

// Knowing two factors of a public number, neither of them 0, of which the first is `shift` more than the second.
template Product(shift) {
    signal input product;
    signal input factors[2];
    signal output square;

    signal inverse;

    product === factors[0] * factors[1];
    factors[0] === factors[1] + shift;
    inverse <-- product == 0 ? 0 : 1 / product;
    inverse * product === 1;
    square <== product * product;
}
