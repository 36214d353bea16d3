const HASH_LENGTH = 32;
const INITIAL_SLOTS = 1 << 10;
const INITIAL_BYTES = 1 << 16;

/**
 * Preimages by their 32-byte keccak256 hash, in flat memory: one open-addressed table and one buffer of bytes, so that
 * hundreds of thousands of small entries cost the garbage collector nothing.
 */
export class PreimageMap {
  // A slot is 0 or an entry's number; a hash is uniform, so its first bytes choose the slot.
  private slots = new Uint32Array(INITIAL_SLOTS);
  private offsets = new Uint32Array(INITIAL_SLOTS / 2 + 1);
  private bytes = new Uint8Array(INITIAL_BYTES);
  private used = 0;
  private count = 0;

  /** Number of entries. */
  get size(): number {
    return this.count;
  }

  /** The preimage, as a view that stays valid. */
  get(hash: Uint8Array): Uint8Array | undefined {
    const entry = this.slots[this.slotOf(hash)]!;
    if (entry === 0) return undefined;
    return this.bytes.subarray(this.offsets[entry - 1]! + HASH_LENGTH, this.offsets[entry]);
  }

  /** Copies both; does nothing when the hash is known. */
  set(hash: Uint8Array, preimage: Uint8Array): void {
    let slot = this.slotOf(hash);
    if (this.slots[slot] !== 0) return;
    if ((this.count + 1) * 2 > this.slots.length) {
      this.grow();
      slot = this.slotOf(hash);
    }
    const end = this.used + HASH_LENGTH + preimage.length;
    if (end > this.bytes.length) this.bytes = enlarge(this.bytes, Math.max(end, this.bytes.length * 2));
    for (let i = 0; i < HASH_LENGTH; i++) this.bytes[this.used + i] = hash[i]!;
    this.bytes.set(preimage, this.used + HASH_LENGTH);
    this.used = end;
    this.count++;
    this.offsets[this.count] = end;
    this.slots[slot] = this.count;
  }

  /** Each entry in order of insertion, as views that stay valid. */
  *entries(): Generator<[hash: Uint8Array, preimage: Uint8Array]> {
    for (let i = 0; i < this.count; i++) {
      const start = this.offsets[i]!;
      yield [
        this.bytes.subarray(start, start + HASH_LENGTH),
        this.bytes.subarray(start + HASH_LENGTH, this.offsets[i + 1]),
      ];
    }
  }

  private slotOf(hash: Uint8Array): number {
    const mask = this.slots.length - 1;
    let slot = (hash[0]! | (hash[1]! << 8) | (hash[2]! << 16) | (hash[3]! << 24)) & mask;
    for (;;) {
      const entry = this.slots[slot]!;
      if (entry === 0 || this.hasHash(this.offsets[entry - 1]!, hash)) return slot;
      slot = (slot + 1) & mask;
    }
  }

  private hasHash(offset: number, hash: Uint8Array): boolean {
    for (let i = 0; i < HASH_LENGTH; i++) if (this.bytes[offset + i] !== hash[i]) return false;
    return true;
  }

  private grow(): void {
    this.slots = new Uint32Array(this.slots.length * 2);
    const offsets = new Uint32Array(this.slots.length / 2 + 1);
    offsets.set(this.offsets);
    this.offsets = offsets;
    for (let i = 0; i < this.count; i++) {
      const start = this.offsets[i]!;
      this.slots[this.slotOf(this.bytes.subarray(start, start + HASH_LENGTH))] = i + 1;
    }
  }
}

function enlarge(bytes: Uint8Array<ArrayBuffer>, length: number): Uint8Array<ArrayBuffer> {
  const enlarged = new Uint8Array(length);
  enlarged.set(bytes);
  return enlarged;
}
