// Memory that is handed out upwards and given back only as a whole from a mark on. Nothing here is zeroed.

/** Address behind the last byte handed out. */
let top: usize = (__heap_base + 7) & ~(<usize>7);

/** Address of `length` new bytes, a multiple of 8. Traps beyond the program's 256 MiB. */
export function allocate(length: usize): usize {
  const start = top;
  const end = start + ((length + 7) & ~(<usize>7));
  const size = (<usize>memory.size()) << 16;
  if (end > size) {
    // At least 2 MiB at once: growing is a system call.
    const pages = <i32>((end - size + 0xffff) >> 16);
    if (memory.grow(max(pages, 32)) < 0 && memory.grow(pages) < 0) unreachable();
  }
  top = end;
  return start;
}

/** What release takes to give back everything allocated from now on. */
export function mark(): usize {
  return top;
}

/** Gives back everything allocated since the mark. */
export function release(to: usize): void {
  top = to;
}
