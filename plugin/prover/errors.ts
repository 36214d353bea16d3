/** A GPL tool that `proof: "validity"` calls is not installed. */
export class ProverToolMissingError extends Error {
  override readonly name = "ProverToolMissingError";

  constructor(
    /** Its name on npm. */
    readonly tool: string,
    install: string,
    options?: ErrorOptions,
  ) {
    super(`proof: "validity" needs ${tool}, which is not installed: run ${install}`, options);
  }
}

/** circom refuses the circuit, or one of its files is not there. */
export class CircuitCompileError extends Error {
  override readonly name = "CircuitCompileError";

  constructor(
    readonly file: string,
    problem: string,
    options?: ErrorOptions,
  ) {
    super(`${file} does not compile: ${problem}`, options);
  }
}

/** A binary file of the prover (r1cs, zkey) is not what its name says. */
export class ProverFileError extends Error {
  override readonly name = "ProverFileError";

  constructor(
    readonly file: string,
    problem: string,
    options?: ErrorOptions,
  ) {
    super(`${file}: ${problem}`, options);
  }
}

export type KeyFault =
  /** Not Groth16 over BN254, or not of the expected form. */
  | "form"
  /** A coordinate is no field element. */
  | "range"
  /** A point is the point at infinity. */
  | "infinity"
  /** A point is off its curve, or outside the subgroup of prime order. */
  | "curve"
  /** delta = gamma: whoever has the key proves anything. */
  | "delta"
  /** The number of IC points does not fit the number of public inputs. */
  | "inputs"
  /** Made from a seed: whoever has the seed proves anything. */
  | "development"
  /** Does not follow from the circuit and the ceremony's file. */
  | "ceremony";

/** A Groth16 key that must not be used. */
export class KeyRefusedError extends Error {
  override readonly name = "KeyRefusedError";

  constructor(
    readonly fault: KeyFault,
    problem: string,
    options?: ErrorOptions,
  ) {
    super(`the key is refused: ${problem}`, options);
  }
}

/** There is no witness: the input does not satisfy the circuit. */
export class WitnessError extends Error {
  override readonly name = "WitnessError";

  constructor(problem: string, options?: ErrorOptions) {
    super(`the input does not satisfy the circuit: ${problem}`, options);
  }
}

/** Circuit and key made no proof, or one that does not verify. */
export class ProofError extends Error {
  override readonly name = "ProofError";
}

/** A process of the prover ended before its work was done. */
export class ProverProcessError extends Error {
  override readonly name = "ProverProcessError";
}
