/** Gas of the same operation elsewhere, whole transactions, as published or measured in the study named. */
export interface PeerFigure {
  operation: string;
  system: string;
  gas: number;
  note: string;
}

/** Measured on anvil 1.7.1 (Osaka, EIP-7623 calldata floor) with the releases named. */
export const peerFigures: readonly PeerFigure[] = [
  { operation: "deposit ETH", system: "OP Stack v7.0.0, portal", gas: 64_559, note: "L2 gas 21k, nothing burnt" },
  { operation: "deposit ETH", system: "OP Stack v7.0.0, bridge", gas: 130_000, note: "at 20 gwei; 604k at 1 gwei" },
  { operation: "deposit ETH", system: "Nitro 3.2.0", gas: 91_067, note: "later deposit" },
  { operation: "deposit ERC-20", system: "OP Stack v7.0.0, bridge", gas: 147_000, note: "at 20 gwei; 622k at 1 gwei" },
  { operation: "claim ETH", system: "OP Stack v7.0.0", gas: 428_000, note: "prove 265k (2 nodes) + finalize 163k" },
  { operation: "claim ETH", system: "Nitro 3.2.0", gas: 97_083, note: "17 levels, warm bitmap word" },
  { operation: "claim ERC-20", system: "OP Stack v7.0.0", gas: 528_000, note: "prove 265k (2 nodes) + finalize 263k" },
  { operation: "post a batch", system: "Nitro 3.2.0", gas: 158_967, note: "1 kB of calldata" },
  { operation: "post a batch", system: "OP Stack v7.0.0", gas: 516_516, note: "dispute game for one proposal" },
  { operation: "win a dispute", system: "OP Stack v7.0.0", gas: 28_400_000, note: "both sides, 73 moves" },
  {
    operation: "win a dispute",
    system: "Nitro 3.2.0, BoLD",
    gas: 40_000_000,
    note: "estimate: 68 bisections of 0.55M",
  },
  { operation: "fund a channel", system: "go-nitro", gas: 46_496, note: "two parties; no reentrancy lock" },
  { operation: "fund a channel", system: "Perun 1.0", gas: 45_572, note: "per participant" },
  { operation: "leave a channel together", system: "go-nitro", gas: 94_293, note: "reverts where one recipient does" },
  { operation: "leave a channel together", system: "Perun 1.0", gas: 227_017, note: "conclude and two withdrawals" },
  { operation: "leave a channel together", system: "Nitrolite", gas: 187_037, note: "closeChannel" },
  { operation: "challenge in a channel", system: "go-nitro", gas: 113_146, note: "no bond" },
  { operation: "challenge in a channel", system: "Perun 1.0", gas: 107_472, note: "register" },
  { operation: "challenge in a channel", system: "Nitrolite", gas: 229_734, note: "challengeChannel" },
  { operation: "clear a challenge", system: "go-nitro", gas: 69_932, note: "ledger channel; 73,936 with an app" },
  { operation: "clear a challenge", system: "Perun 1.0", gas: 75_388, note: "a newer register" },
  { operation: "clear a challenge", system: "Nitrolite", gas: 222_469, note: "checkpointChannel" },
];

/** What one transfer costs elsewhere, in bytes on L1 and in L1 gas, as published. */
export interface PeerTransfer {
  system: string;
  bytes: number;
  gas: number;
  note: string;
}

export const peerTransfers: readonly PeerTransfer[] = [
  { system: "zkSync Lite", bytes: 20, gas: 300, note: "its gas counter; signatures are in the proof, not on L1" },
  { system: "Hermez v1", bytes: 14, gas: 224, note: "calldata of 32 levels alone, proof and base come on top" },
  { system: "Loopring 3.6", bytes: 22, gas: 375, note: "a trade, as published; 68 bytes padded" },
];

/** Gas of an attestation whose members are shown in calldata, as a sorted list of which the hash is kept; measured on Osaka. */
export const peerAttestations: Readonly<Record<string, number>> = {
  ...{ "3 of 5": 46_100, "5 of 7": 57_800, "7 of 10": 69_900, "14 of 20": 112_200, "43 of 64": 288_600 },
};
