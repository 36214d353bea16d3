pragma circom 2.1.5;

include "circomlib/circuits/bitify.circom";
include "leaf.circom";
include "operation.circom";
include "order.circom";
include "path.circom";
include "transfer.circom";
include "zero.circom";

// One operation, one transfer or nothing: two leaf updates, one after the other.
//
//               first leaf                                      second leaf
//   operation   the owner's, or the one before it in the list   the new one, where one is created
//   transfer    the sender's                                    the receiver's, where it is on L2
//   nothing     leaf 0, as it is
//
// Where there is no second leaf, it is the first one again, as the first update left it.
//
// Elements of an operation come from L1, which vouches for their ranges, but for the split of e1: ListPlace shows that owner is below
// 2^160. What comes out of a leaf is in range because the circuit put it there, but for the split of its word.
template Slot(LEVELS) {
    // One-hot: the six kinds of operations, then a transfer.
    signal input kind[7];
    // Whose leaf: of an operation, or the sender's.
    signal input owner;
    signal input token;
    signal input e3;
    signal input e4;
    signal input amountCode;
    signal input feeCode;
    signal input target;
    signal input r8x;
    signal input r8y;
    signal input s;
    // Of the first leaf, and of a transfer's receiver (else 0).
    signal input index;
    signal input to;
    signal input leafOwner[2];
    // Of the first leaf; that of the second follows.
    signal input leafToken;
    signal input nonce[2];
    signal input balance[2];
    signal input ax[2];
    signal input ay[2];
    signal input nextOwner[2];
    signal input nextToken[2];
    signal input children[2][LEVELS][4];
    // The state before.
    signal input treeRoot;
    signal input leafCount;
    signal input txDomain;
    signal input feeToken;
    signal output isOperation;
    signal output isTransfer;
    signal output isWithdrawal;
    signal output operation[4];
    signal output t;
    signal output withdrawal[4];
    signal output fee;
    signal output treeRootAfter;
    signal output leafCountAfter;

    // Kinds: at most one.
    var kinds = 0;
    var number = 0;
    for (var i = 0; i < 7; i++) {
        kind[i] * (kind[i] - 1) === 0;
        if (i < 6) {
            kinds += kind[i];
            number += (i + 1) * kind[i];
        }
    }
    isOperation <== kinds;
    isTransfer <== kind[6];
    isOperation * isTransfer === 0;
    isOperation * (isOperation - 1) === 0;
    var active = isOperation + isTransfer;
    operation[0] <== isOperation * owner + number * (1 << 160);
    operation[1] <== isOperation * token;
    operation[2] <== e3;
    operation[3] <== e4;
    (1 - isOperation) * e3 === 0;
    (1 - isOperation) * e4 === 0;

    // The first leaf: its word has one token and one nonce.
    _ <== Num2Bits(160)(leafToken);
    _ <== Num2Bits(64)(nonce[0]);
    (1 - active) * index === 0;
    signal found <== ListPlace()(owner, token, leafOwner[0], leafToken, nextOwner[0], nextToken[0]);
    (1 - isOperation) * (1 - found) === 0;

    var word0 = leafToken + nonce[0] * (1 << 160);
    component transfer = Transfer();
    transfer.enabled <== isTransfer;
    transfer.from <== index;
    transfer.to <== to;
    transfer.amountCode <== amountCode;
    transfer.feeCode <== feeCode;
    transfer.txDomain <== txDomain;
    transfer.owner <== leafOwner[0];
    transfer.word <== word0;
    transfer.ax <== ax[0];
    transfer.ay <== ay[0];
    transfer.receiver <== leafOwner[1];
    transfer.target <== target;
    transfer.r8x <== r8x;
    transfer.r8y <== r8y;
    transfer.s <== s;
    t <== transfer.t;
    fee <== transfer.fee;
    fee * (token - feeToken) === 0;

    signal full <== IsZeroStrict()(4 ** LEVELS - leafCount);
    component effect = Operation();
    for (var i = 0; i < 6; i++) {
        effect.kind[i] <== kind[i];
    }
    effect.found <== found;
    effect.full <== full;
    effect.spent <== transfer.amount + fee;
    effect.balance <== balance[0];
    effect.ax <== ax[0];
    effect.ay <== ay[0];
    effect.e3 <== e3;
    effect.e4 <== e4;
    isTransfer * (1 - effect.covered) === 0;
    leafCountAfter <== leafCount + effect.create;

    // The second leaf. A new one is empty before, and holds what it must after; the receiver's has the sender's token.
    var toReceiver = isTransfer - transfer.isWithdrawal;
    signal place <== effect.create * leafCount;
    signal again <== (1 - toReceiver - effect.create) * index;
    signal secondToken <== leafToken + effect.create * (token - leafToken);
    _ <== Num2Bits(64)(nonce[1]);
    effect.create * (leafOwner[1] - owner) === 0;
    effect.create * nonce[1] === 0;
    effect.create * balance[1] === 0;
    effect.create * ax[1] === 0;
    effect.create * ay[1] === 0;
    effect.create * (nextOwner[1] - nextOwner[0]) === 0;
    effect.create * (nextToken[1] - nextToken[0]) === 0;

    signal aux0 <== LeafAux()(ax[0], ay[0], nextOwner[0], nextToken[0]);
    signal aux1 <== LeafAux()(ax[1], ay[1], nextOwner[1], nextToken[1]);
    var word1 = secondToken + nonce[1] * (1 << 160);

    // A transfer needs the hash of the second leaf as it was, an operation that of the first leaf's changed aux: one hash for both.
    signal newKey[2];
    newKey[0] <== ax[0] + effect.setKey * (e3 - ax[0]);
    newKey[1] <== ay[0] + effect.setKey * (e4 - ay[0]);
    signal newNext[2];
    newNext[0] <== nextOwner[0] + effect.create * (owner - nextOwner[0]);
    newNext[1] <== nextToken[0] + effect.create * (token - nextToken[0]);
    signal either[4];
    either[0] <== newKey[0] + isTransfer * (leafOwner[1] - newKey[0]);
    either[1] <== newKey[1] + isTransfer * (word1 - newKey[1]);
    either[2] <== newNext[0] + isTransfer * (balance[1] - newNext[0]);
    either[3] <== newNext[1] + isTransfer * (aux1 - newNext[1]);
    signal shared <== Poseidon(4)(either);

    signal newAux0 <== shared + isTransfer * (aux0 - shared);
    signal before0 <== LeafHash()(leafOwner[0], word0, balance[0], aux0);
    signal after0 <== LeafHash()(leafOwner[0], word0 + isTransfer * (1 << 160), effect.newBalance - effect.spent, newAux0);

    signal paidOut <== transfer.isWithdrawal * transfer.amount;
    signal after1 <== LeafHash()(leafOwner[1], word1, balance[1] + effect.createdBalance + transfer.amount - paidOut, aux1);
    signal unchanged <== after1 - effect.create * after1;
    signal before1 <== unchanged + isTransfer * (shared - unchanged);

    component first = PathUpdate(LEVELS);
    first.index <== index;
    first.before <== before0;
    first.after <== after0;
    first.children <== children[0];
    first.rootBefore === treeRoot;
    component second = PathUpdate(LEVELS);
    second.index <== to + place + again;
    second.before <== before1;
    second.after <== after1;
    second.children <== children[1];
    second.rootBefore === first.rootAfter;
    treeRootAfter <== second.rootAfter;

    isWithdrawal <== effect.exits + transfer.isWithdrawal;
    withdrawal[0] <== isWithdrawal * owner;
    withdrawal[1] <== target + effect.exits * e3;
    withdrawal[2] <== isWithdrawal * token;
    withdrawal[3] <== effect.exitAmount + paidOut;
}
