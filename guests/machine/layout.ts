// Where things stand in the interpreter's WebAssembly memory of 544 MiB. The machine's 2^29 bytes stand there as they are, at MEMORY;
// the operating system gives room only to what is touched.

/** What `run` takes and leaves, u32 each. */
export const PC: usize = 0x400;
export const FP: usize = 0x404;
/** 32 bytes. */
export const DIGEST: usize = 0x420;
/** Code leaves on their way to the decoder: 128 of them. */
export const LEAVES: usize = 0x1000;
/** Nodes of one page while it is folded: 64. */
export const SCRATCH: usize = 0x2000;
/** Numbers of pages or nodes, u32, at most one per page. */
export const LIST: usize = 0x80000;
/** A byte per page of the machine's memory; see tree.ts. */
export const DIRTY: usize = 0x100000;
/** Nodes of the memory tree from pages upwards, 32 bytes each: the root is number 1, the children of n are 2n and 2n + 1. */
export const NODES: usize = 0x200000;
/** Decoded instructions; see decode.ts. */
export const CODE: usize = 0xa00000;
/** Address 0 of the machine. */
export const MEMORY: usize = 0x2000000;

export const PAGE_BITS: usize = 12;
/** Pages of the machine's memory. */
export const PAGE_COUNT: u32 = 1 << 17;

// docs/machine.md, section 2
export const GLOBALS: usize = MEMORY + (1 << 28);
export const TABLE: usize = GLOBALS + (1 << 19);
export const FRAMES: usize = GLOBALS + (1 << 24);
export const END: usize = MEMORY + (1 << 29);
