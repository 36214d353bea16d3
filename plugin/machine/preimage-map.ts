const HASH_WORDS = 8;
const HASH_BYTES = HASH_WORDS * 4;
/** Words before an entry's preimage: its hash and its length. */
const HEAD_WORDS = HASH_WORDS + 1;
const INITIAL_SLOTS = 1 << 10;
/** A word of a chunk is named by so many bits, the chunk by those above. A longer preimage has a chunk of its own. */
const CHUNK_BITS = 19;
const CHUNK_WORDS = 1 << CHUNK_BITS;
/** The first chunk is so many times smaller, each next one twice as large. */
const FIRST_CHUNK_BITS = 6;
const MAX_CHUNKS = 1 << (31 - CHUNK_BITS);

interface Chunk {
  words: Int32Array;
  bytes: Uint8Array;
  /** Words in use. */
  used: number;
}

/**
 * Preimages by their 32-byte keccak256 hash, in a few large buffers, so that hundreds of thousands of small entries cost the
 * garbage collector nothing. A search touches two places in memory: its slot and its entry.
 */
export class PreimageMap {
  private readonly chunks: Chunk[] = [];
  // Open addressing, at most half full: per slot the hash's second word, and 0 or an entry's location + 1. A hash is uniform,
  // so its first word is the slot.
  private slots = new Int32Array(2 * INITIAL_SLOTS);
  private count = 0;
  private stagedLength = 0;

  /** Number of entries. */
  get size(): number {
    return this.count;
  }

  /** The preimage of the hash in the first 32 bytes of `hash`, as a view that stays valid. */
  get(hash: Uint8Array): Uint8Array | undefined {
    const location = this.slots[2 * this.slotOf(hash, 0) + 1]!;
    if (location === 0) return undefined;
    const { words } = this.chunkAt(location - 1);
    const start = (location - 1) % CHUNK_WORDS;
    return new Uint8Array(words.buffer, (start + HEAD_WORDS) * 4, words[start + HASH_WORDS]);
  }

  /** Copies both; does nothing when the hash is known. */
  set(hash: Uint8Array, preimage: Uint8Array): void {
    const { bytes, used } = this.reserve(preimage.length);
    bytes.set(preimage, (used + HEAD_WORDS) * 4);
    this.commit(hash, 0);
  }

  /** Each entry in order of insertion, as views that stay valid. */
  *entries(): Generator<[hash: Uint8Array, preimage: Uint8Array]> {
    for (const chunk of this.chunks) {
      for (let start = 0; start < chunk.used; start = behind(chunk, start)) {
        const { words } = chunk;
        yield [
          new Uint8Array(words.buffer, start * 4, HASH_BYTES),
          new Uint8Array(words.buffer, (start + HEAD_WORDS) * 4, words[start + HASH_WORDS]),
        ];
      }
    }
  }

  /** Copies a preimage of `length` bytes from word `at`. It becomes an entry by `commit`. */
  stage(memory: Int32Array, at: number, length: number): void {
    const { words, used } = this.reserve(length);
    const start = used + HEAD_WORDS;
    const count = (length + 3) >>> 2;
    for (let i = 0; i < count; i++) words[start + i] = memory[at + i]!;
  }

  /** Adds what was staged last, under the hash at byte `at`; does nothing when the hash is known. */
  commit(memory: Uint8Array, at: number): void {
    const slot = this.slotOf(memory, at);
    if (this.slots[2 * slot + 1] !== 0) return;
    const chunk = this.chunks[this.chunks.length - 1]!;
    const start = chunk.used;
    for (let i = 0; i < HASH_BYTES; i++) chunk.bytes[start * 4 + i] = memory[at + i]!;
    chunk.words[start + HASH_WORDS] = this.stagedLength;
    this.slots[2 * slot] = wordAt(memory, at + 4);
    this.slots[2 * slot + 1] = (this.chunks.length - 1) * CHUNK_WORDS + start + 1;
    chunk.used = behind(chunk, start);
    this.count++;
    if (this.count * 4 === this.slots.length) this.grow();
  }

  /** The slot where the hash at byte `at` is, or where it would come. */
  private slotOf(memory: Uint8Array, at: number): number {
    const { slots } = this;
    const mask = slots.length / 2 - 1;
    const tag = wordAt(memory, at + 4);
    for (let slot = wordAt(memory, at) & mask; ; slot = (slot + 1) & mask) {
      const location = slots[2 * slot + 1]!;
      if (location === 0) return slot;
      if (slots[2 * slot] === tag && this.isHash(location - 1, memory, at)) return slot;
    }
  }

  private isHash(location: number, memory: Uint8Array, at: number): boolean {
    const { bytes } = this.chunkAt(location);
    const start = (location % CHUNK_WORDS) * 4;
    for (let i = 0; i < HASH_BYTES; i++) if (bytes[start + i] !== memory[at + i]) return false;
    return true;
  }

  private chunkAt(location: number): Chunk {
    return this.chunks[location >>> CHUNK_BITS]!;
  }

  /** The last chunk, with room for a preimage; a new one when need be, for views of the others stay valid. */
  private reserve(length: number): Chunk {
    this.stagedLength = length;
    const needed = HEAD_WORDS + ((length + 3) >>> 2);
    const last = this.chunks[this.chunks.length - 1];
    if (last !== undefined && last.used + needed <= last.words.length) return last;
    if (this.chunks.length === MAX_CHUNKS) throw new RangeError("a preimage map holds at most 8 GiB");
    const size = CHUNK_WORDS >>> Math.max(FIRST_CHUNK_BITS - this.chunks.length, 0);
    const words = new Int32Array(Math.max(size, needed));
    const chunk = { words, bytes: new Uint8Array(words.buffer), used: 0 };
    this.chunks.push(chunk);
    return chunk;
  }

  private grow(): void {
    this.slots = new Int32Array(2 * this.slots.length);
    this.chunks.forEach((chunk, i) => {
      for (let start = 0; start < chunk.used; start = behind(chunk, start)) {
        const slot = this.slotOf(chunk.bytes, start * 4);
        this.slots[2 * slot] = chunk.words[start + 1]!;
        this.slots[2 * slot + 1] = i * CHUNK_WORDS + start + 1;
      }
    });
  }
}

/** Where the entry behind the one at `start` begins. */
function behind({ words }: Chunk, start: number): number {
  return start + HEAD_WORDS + ((words[start + HASH_WORDS]! + 3) >>> 2);
}

function wordAt(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}
