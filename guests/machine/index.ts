// The interpreter of lowered machine code (docs/machine.md). A host's program, not a guest: plugin/machine/interpreter.ts drives it.
export { decode } from "./decode";
export { CODE, DIGEST, DIRTY, FP, LEAVES, LIST, MEMORY, NODES, PC } from "./layout";
export { run } from "./run";
export { subtree, takeChanged, updateTree } from "./tree";
