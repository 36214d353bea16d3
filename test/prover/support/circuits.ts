import { compileCircuit, type CompiledCircuit } from "../../../plugin/prover/compile.js";

/** Compiles `circuits/product.circom`: two factors of a public product, the first `shift` more than the second. */
export function compileProduct(cache: string, shift = 2): Promise<CompiledCircuit> {
  return compileCircuit("test/prover/circuits/product.circom", {
    cache,
    template: "Product",
    parameters: [shift],
    publicInputs: ["product"],
  });
}
