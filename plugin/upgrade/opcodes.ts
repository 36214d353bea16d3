/** What of the EVM lets a contract run another code in its own place, or be gone. */
const CODE_CHANGING: ReadonlyMap<number, string> = new Map([
  [0xf2, "CALLCODE"],
  [0xf4, "DELEGATECALL"],
  [0xff, "SELFDESTRUCT"],
]);

const PUSH1 = 0x60;
const PUSH32 = 0x7f;

/**
 * Names of the instructions of runtime code by which a contract could come to another code than its own, each once. The
 * EVM finds jump targets by the same walk from the first byte, so nothing that can execute is missed; data behind the
 * instructions, such as the code of a contract that is created, may be taken for some.
 */
export function codeChanging(code: Uint8Array): string[] {
  const found = new Set<string>();
  for (let at = 0; at < code.length; at++) {
    const opcode = code[at] ?? 0;
    const name = CODE_CHANGING.get(opcode);
    if (name !== undefined) found.add(name);
    if (opcode >= PUSH1 && opcode <= PUSH32) at += opcode - PUSH1 + 1;
  }
  return [...found];
}
