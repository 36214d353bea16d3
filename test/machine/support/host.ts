import type { Oracle } from "../../../plugin/machine/hostCalls.js";
import { ecrecover, keccak256, sha256 } from "../../../plugin/machine/hostCalls.js";
import type { HostImports } from "./engines.js";

// The host calls of docs/protocol.md §8 for V8, written apart from the machine's.

const PAGE = 4096;

export function hostImports(
  oracle: Oracle,
  inputHash: Uint8Array,
  onKeccak: (hash: Uint8Array, preimage: Uint8Array) => void = () => undefined,
): { imports: HostImports; output: () => Uint8Array } {
  let output = new Uint8Array(32);
  const imports: HostImports = (memory) => {
    const page = (at: number): Uint8Array => {
      const start = at >>> 0;
      const bytes = memory();
      if (start % PAGE !== 0 || start + PAGE > bytes.length) throw new WebAssembly.RuntimeError("host page");
      return bytes.subarray(start, start + PAGE);
    };
    const digest =
      (hash: (bytes: Uint8Array) => Uint8Array) =>
      (at = 0, length = 0): undefined => {
        const target = page(at);
        if (length >>> 0 > PAGE) throw new WebAssembly.RuntimeError("length");
        target.set(hash(target.slice(0, length)));
      };
    return {
      input: (at) => void page(at ?? 0).set(inputHash),
      output: (at) => void (output = page(at ?? 0).slice(0, 32)),
      keccak256: digest((bytes) => {
        const hash = keccak256(bytes);
        onKeccak(hash, bytes);
        return hash;
      }),
      sha256: digest(sha256),
      ecrecover: (at) => void page(at ?? 0).set(ecrecover(page(at ?? 0).slice(0, 128))),
      preimage: (at, offset) => {
        const target = page(at ?? 0);
        const bytes = oracle.preimage(target.slice(0, 32));
        if (bytes === undefined) throw new Error("preimage not known");
        const start = (offset ?? 0) >>> 0;
        target.fill(0).set(bytes.subarray(start, start + PAGE));
        return bytes.length;
      },
      blob: (at, index) => {
        const target = page(at ?? 0);
        if ((index ?? 0) >>> 0 >= 4_096) throw new WebAssembly.RuntimeError("index");
        const element = oracle.blob?.(target.slice(0, 32), index ?? 0);
        if (element === undefined) throw new Error("blob not known");
        target.set(element.value);
      },
    };
  };
  return { imports, output: () => output };
}
