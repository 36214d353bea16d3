/** An affine point of G1; both coordinates below BN254's q, in decimal. The third, "1", is snarkjs' way. */
export type G1Json = [x: string, y: string, z: string];

/** An affine point of G2; each coordinate is [real, imaginary], as snarkjs writes it. */
export type G2Json = [x: [string, string], y: [string, string], z: [string, string]];

/** A Groth16 verifying key over BN254, in the form of snarkjs' `verification_key.json`. */
export interface VerifyingKey {
  protocol: "groth16";
  curve: "bn128";
  /** How many public inputs; IC has one point more. */
  nPublic: number;
  vk_alpha_1: G1Json;
  vk_beta_2: G2Json;
  vk_gamma_2: G2Json;
  vk_delta_2: G2Json;
  IC: G1Json[];
  /** Set on keys made from a seed; they are known by their delta as well, should this be lost. */
  development?: true;
}

/** A Groth16 proof over BN254, in the form of snarkjs. */
export interface Groth16Proof {
  protocol: "groth16";
  curve: "bn128";
  pi_a: G1Json;
  pi_b: G2Json;
  pi_c: G1Json;
}

export interface ProvedStatement {
  proof: Groth16Proof;
  /** Public outputs, then public inputs, in the circuit's order; all below BN254's r. */
  publicSignals: bigint[];
}

/** Values of the circuit's input signals by name; arrays nest as the signals do. */
export interface CircuitInput {
  [signal: string]: SignalValue;
}
export type SignalValue = bigint | readonly SignalValue[];

/** What a long piece of work says of itself. */
export interface ProverProgress {
  stage: "compile" | "setup" | "witness" | "proof" | "verify";
  /** What just happened, for people. */
  text: string;
  /** Of the stage's work, 0 to 1, where that is known. */
  done?: number;
  /** Estimated from the pace so far. */
  secondsLeft?: number;
  /** With the last report of the work: what the process that did it has used. */
  used?: UsedResources;
}

export interface UsedResources {
  /** Of all cores together. */
  cpuSeconds: number;
  /** Bytes. */
  peakMemory: number;
}

export interface WorkOptions {
  signal?: AbortSignal | undefined;
  onProgress?: ((progress: ProverProgress) => void) | undefined;
}
