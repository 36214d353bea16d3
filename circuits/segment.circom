pragma circom 2.1.5;

include "circomlib/circuits/bitify.circom";
include "circomlib/circuits/poseidon.circom";
include "absorb.circom";
include "fees.circom";
include "slot.circom";

// One segment of a batch (docs/validity.md, sections 1 to 3): h is the hash of its elements, y their polynomial at r, and executing
// its operations, then its transfers, leads from one state root to the other.
template Segment(SLOTS, LEVELS, TRANSFERS_ON_L1) {
    assert(SLOTS >= 1 && SLOTS < 1 << 16);
    assert(LEVELS >= 1 && LEVELS <= 16);

    // Public.
    signal input h;
    signal input r;
    signal input y;
    // The header's elements, but for what follows from the rest.
    signal input context;
    signal input txDomain;
    // The state before.
    signal input treeRoot;
    signal input leafCount;
    signal input withdrawalNonce;
    // Of each slot: see Slot.
    signal input kind[SLOTS][7];
    signal input owner[SLOTS];
    signal input token[SLOTS];
    signal input e3[SLOTS];
    signal input e4[SLOTS];
    signal input amountCode[SLOTS];
    signal input feeCode[SLOTS];
    signal input target[SLOTS];
    signal input r8x[SLOTS];
    signal input r8y[SLOTS];
    signal input s[SLOTS];
    signal input index[SLOTS];
    signal input to[SLOTS];
    signal input leafOwner[SLOTS][2];
    signal input leafToken[SLOTS];
    signal input nonce[SLOTS][2];
    signal input balance[SLOTS][2];
    signal input ax[SLOTS][2];
    signal input ay[SLOTS][2];
    signal input nextOwner[SLOTS][2];
    signal input nextToken[SLOTS][2];
    signal input children[SLOTS][2][LEVELS][4];
    // The leaf that takes the fees.
    signal input feeIndex;
    signal input feeOwner;
    signal input feeToken;
    signal input feeNonce;
    signal input feeBalance;
    signal input feeAx;
    signal input feeAy;
    signal input feeNextOwner;
    signal input feeNextToken;
    signal input feeChildren[LEVELS][4];

    _ <== Num2Bits(64)(withdrawalNonce);

    component slots[SLOTS];
    var operations = 0;
    var transfers = 0;
    var withdrawals = 0;
    var fees = 0;
    for (var i = 0; i < SLOTS; i++) {
        slots[i] = Slot(LEVELS);
        slots[i].kind <== kind[i];
        slots[i].owner <== owner[i];
        slots[i].token <== token[i];
        slots[i].e3 <== e3[i];
        slots[i].e4 <== e4[i];
        slots[i].amountCode <== amountCode[i];
        slots[i].feeCode <== feeCode[i];
        slots[i].target <== target[i];
        slots[i].r8x <== r8x[i];
        slots[i].r8y <== r8y[i];
        slots[i].s <== s[i];
        slots[i].index <== index[i];
        slots[i].to <== to[i];
        slots[i].leafOwner <== leafOwner[i];
        slots[i].leafToken <== leafToken[i];
        slots[i].nonce <== nonce[i];
        slots[i].balance <== balance[i];
        slots[i].ax <== ax[i];
        slots[i].ay <== ay[i];
        slots[i].nextOwner <== nextOwner[i];
        slots[i].nextToken <== nextToken[i];
        slots[i].children <== children[i];
        slots[i].treeRoot <== i == 0 ? treeRoot : slots[i - 1].treeRootAfter;
        slots[i].leafCount <== i == 0 ? leafCount : slots[i - 1].leafCountAfter;
        slots[i].txDomain <== txDomain;
        slots[i].feeToken <== feeToken;
        // Operations first, then transfers, then nothing.
        if (i > 0) {
            slots[i].isOperation * (1 - slots[i - 1].isOperation) === 0;
            slots[i].isTransfer * (1 - slots[i - 1].isOperation - slots[i - 1].isTransfer) === 0;
        }
        operations += slots[i].isOperation;
        transfers += slots[i].isTransfer;
        withdrawals += slots[i].isWithdrawal;
        fees += slots[i].fee;
    }

    component feeLeaf = Fees(LEVELS);
    feeLeaf.amount <== fees;
    feeLeaf.index <== feeIndex;
    feeLeaf.owner <== feeOwner;
    feeLeaf.token <== feeToken;
    feeLeaf.nonce <== feeNonce;
    feeLeaf.balance <== feeBalance;
    feeLeaf.ax <== feeAx;
    feeLeaf.ay <== feeAy;
    feeLeaf.nextOwner <== feeNextOwner;
    feeLeaf.nextToken <== feeNextToken;
    feeLeaf.children <== feeChildren;
    feeLeaf.treeRoot <== slots[SLOTS - 1].treeRootAfter;

    signal d[5];
    d[0] <== context;
    d[1] <== txDomain;
    d[2] <== Poseidon(4)([treeRoot, leafCount, withdrawalNonce, 0]);
    d[3] <== Poseidon(4)([feeLeaf.treeRootAfter, slots[SLOTS - 1].leafCountAfter, withdrawalNonce + withdrawals, 0]);
    // Every number is below its width, so they cannot run into each other.
    d[4] <== operations + transfers * (1 << 16) + withdrawals * (1 << 32) + withdrawalNonce * (1 << 48) + feeIndex * (1 << 112);

    signal powers[3];
    powers[0] <== r * r;
    powers[1] <== powers[0] * r;
    powers[2] <== powers[0] * powers[0];
    signal header[5];
    header[0] <== d[0];
    for (var i = 1; i < 5; i++) {
        header[i] <== header[i - 1] * r + d[i];
    }

    component hashes[SLOTS];
    component absorbs[SLOTS];
    signal start <== Poseidon(5)(d);
    for (var i = 0; i < SLOTS; i++) {
        hashes[i] = Poseidon(10);
        hashes[i].inputs[0] <== i == 0 ? start : hashes[i - 1].out;
        hashes[i].inputs[5] <== slots[i].t;
        absorbs[i] = Absorb(TRANSFERS_ON_L1);
        absorbs[i].r <== r;
        absorbs[i].powers <== powers;
        absorbs[i].isOperation <== slots[i].isOperation;
        absorbs[i].isTransfer <== slots[i].isTransfer;
        absorbs[i].isWithdrawal <== slots[i].isWithdrawal;
        absorbs[i].operation <== slots[i].operation;
        absorbs[i].t <== slots[i].t;
        absorbs[i].withdrawal <== slots[i].withdrawal;
        absorbs[i].first <== i == 0 ? header[4] : absorbs[i - 1].firstAfter;
        absorbs[i].transfers <== i == 0 ? 0 : absorbs[i - 1].transfersAfter;
        absorbs[i].second <== i == 0 ? 0 : absorbs[i - 1].secondAfter;
        absorbs[i].power <== i == 0 ? 1 : absorbs[i - 1].powerAfter;
        for (var j = 0; j < 4; j++) {
            hashes[i].inputs[1 + j] <== slots[i].operation[j];
            hashes[i].inputs[6 + j] <== slots[i].withdrawal[j];
        }
    }
    h === hashes[SLOTS - 1].out;

    signal first;
    if (TRANSFERS_ON_L1) {
        first <== absorbs[SLOTS - 1].firstAfter;
    } else {
        first <== absorbs[SLOTS - 1].firstAfter * r + absorbs[SLOTS - 1].transfersAfter;
    }
    y === first * absorbs[SLOTS - 1].powerAfter + absorbs[SLOTS - 1].secondAfter;
}
