const HASH_WORDS = 8;
/** Words before an entry's preimage: its hash and its length. */
const HEAD_WORDS = HASH_WORDS + 1;
const FIRST_CHUNK_WORDS = 1 << 13;
const LAST_CHUNK_WORDS = 1 << 19;
const INITIAL_SLOTS = 1 << 10;

interface Chunk {
  words: Int32Array;
  bytes: Uint8Array;
}

/**
 * Preimages by their 32-byte keccak256 hash, in a few large buffers, so that hundreds of thousands of small entries cost the
 * garbage collector nothing.
 */
export class PreimageMap {
  private readonly chunks: Chunk[] = [];
  // Where entry i stands: its chunk and its first word there.
  private chunkOf = new Int32Array(INITIAL_SLOTS / 2);
  private wordOf = new Int32Array(INITIAL_SLOTS / 2);
  // Open addressing: 0, or an entry's number from 1 on. At most half full. A hash is uniform, so its first word is the slot.
  private slots = new Int32Array(INITIAL_SLOTS);
  private count = 0;
  /** First free word of the last chunk. */
  private top = 0;
  private stagedLength = 0;
  private readonly key = new Int32Array(HASH_WORDS);
  private readonly keyBytes = new Uint8Array(this.key.buffer);

  /** Number of entries. */
  get size(): number {
    return this.count;
  }

  /** The preimage of the hash in the first 32 bytes of `hash`, as a view that stays valid. */
  get(hash: Uint8Array): Uint8Array | undefined {
    const entry = this.slots[this.slotOf(this.keyOf(hash), 0)]!;
    return entry === 0 ? undefined : this.preimageAt(entry - 1);
  }

  /** Copies both; does nothing when the hash is known. */
  set(hash: Uint8Array, preimage: Uint8Array): void {
    this.reserve(preimage.length).bytes.set(preimage, (this.top + HEAD_WORDS) * 4);
    this.commit(this.keyOf(hash), 0);
  }

  /** Each entry in order of insertion, as views that stay valid. */
  *entries(): Generator<[hash: Uint8Array, preimage: Uint8Array]> {
    for (let entry = 0; entry < this.count; entry++) {
      const { words } = this.chunks[this.chunkOf[entry]!]!;
      yield [new Uint8Array(words.buffer, this.wordOf[entry]! * 4, HASH_WORDS * 4), this.preimageAt(entry)];
    }
  }

  /** Copies a preimage of `length` bytes from word `at`. It becomes an entry by `commit`. */
  stage(memory: Int32Array, at: number, length: number): void {
    const { words } = this.reserve(length);
    const start = this.top + HEAD_WORDS;
    const count = (length + 3) >>> 2;
    for (let i = 0; i < count; i++) words[start + i] = memory[at + i]!;
  }

  /** Adds what was staged last, under the hash at word `at`; does nothing when the hash is known. */
  commit(memory: Int32Array, at: number): void {
    const slot = this.slotOf(memory, at);
    if (this.slots[slot] !== 0) return;
    const { words } = this.chunks[this.chunks.length - 1]!;
    const { top } = this;
    for (let i = 0; i < HASH_WORDS; i++) words[top + i] = memory[at + i]!;
    words[top + HASH_WORDS] = this.stagedLength;
    this.chunkOf[this.count] = this.chunks.length - 1;
    this.wordOf[this.count] = top;
    this.slots[slot] = ++this.count;
    this.top = top + HEAD_WORDS + ((this.stagedLength + 3) >>> 2);
    if (this.count * 2 === this.slots.length) this.grow();
  }

  private keyOf(hash: Uint8Array): Int32Array {
    for (let i = 0; i < HASH_WORDS * 4; i++) this.keyBytes[i] = hash[i]!;
    return this.key;
  }

  /** The slot where the hash at word `at` is, or where it would come. */
  private slotOf(memory: Int32Array, at: number): number {
    const { slots } = this;
    const mask = slots.length - 1;
    for (let slot = memory[at]! & mask; ; slot = (slot + 1) & mask) {
      const entry = slots[slot]! - 1;
      if (entry < 0) return slot;
      const { words } = this.chunks[this.chunkOf[entry]!]!;
      const start = this.wordOf[entry]!;
      let i = 0;
      while (i < HASH_WORDS && words[start + i] === memory[at + i]) i++;
      if (i === HASH_WORDS) return slot;
    }
  }

  private preimageAt(entry: number): Uint8Array {
    const { words } = this.chunks[this.chunkOf[entry]!]!;
    const start = this.wordOf[entry]!;
    return new Uint8Array(words.buffer, (start + HEAD_WORDS) * 4, words[start + HASH_WORDS]);
  }

  /** The last chunk, with room for a preimage; a new one when need be, for views of the others stay valid. */
  private reserve(length: number): Chunk {
    this.stagedLength = length;
    const needed = HEAD_WORDS + ((length + 3) >>> 2);
    const last = this.chunks[this.chunks.length - 1];
    if (last !== undefined && this.top + needed <= last.words.length) return last;
    const size = Math.min(FIRST_CHUNK_WORDS << this.chunks.length, LAST_CHUNK_WORDS);
    const words = new Int32Array(Math.max(size, needed));
    const chunk = { words, bytes: new Uint8Array(words.buffer) };
    this.chunks.push(chunk);
    this.top = 0;
    return chunk;
  }

  private grow(): void {
    this.chunkOf = doubled(this.chunkOf);
    this.wordOf = doubled(this.wordOf);
    this.slots = new Int32Array(this.slots.length * 2);
    for (let entry = 0; entry < this.count; entry++) {
      const { words } = this.chunks[this.chunkOf[entry]!]!;
      this.slots[this.slotOf(words, this.wordOf[entry]!)] = entry + 1;
    }
  }
}

function doubled(numbers: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(numbers.length * 2);
  larger.set(numbers);
  return larger;
}
