import { open, type FileHandle } from "node:fs/promises";

import { ProverFileError } from "./errors.js";

// r1cs and zkey share one container: magic (4 bytes), version (u32), number of sections (u32), then of each section its
// type (u32), length (u64) and bytes. Numbers are little-endian.
const FILE_HEADER = 12;
const SECTION_HEADER = 12;

export interface SectionFile {
  path: string;
  /** Throws {@link ProverFileError} unless the file has the section once. */
  read(type: number): Promise<Buffer>;
  close(): Promise<void>;
}

/** Opens an r1cs or zkey file; bounds are checked before anything is believed. */
export async function openSections(path: string, magic: "r1cs" | "zkey"): Promise<SectionFile> {
  const file = await open(path, "r");
  try {
    const sections = await readTable(file, path, magic);
    return {
      path,
      read: async (type) => {
        const found = sections.filter((section) => section.type === type);
        const [section] = found;
        if (section === undefined || found.length > 1) {
          throw new ProverFileError(path, `it has section ${type} ${found.length} times, not once`);
        }
        return readAt(file, path, section.start, section.length);
      },
      close: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

interface Section {
  type: number;
  start: number;
  length: number;
}

async function readTable(file: FileHandle, path: string, magic: string): Promise<Section[]> {
  const { size } = await file.stat();
  if (size < FILE_HEADER) throw new ProverFileError(path, `not a ${magic} file: it has ${size} bytes`);
  const header = await readAt(file, path, 0, FILE_HEADER);
  if (header.toString("latin1", 0, 4) !== magic) throw new ProverFileError(path, `not a ${magic} file`);
  const sections: Section[] = [];
  let position = FILE_HEADER;
  for (let left = header.readUInt32LE(8); left > 0; left--) {
    const start = position + SECTION_HEADER;
    if (start > size) throw new ProverFileError(path, "it is cut off");
    const head = await readAt(file, path, position, SECTION_HEADER);
    const length = head.readBigUInt64LE(4);
    if (length > BigInt(size - start)) throw new ProverFileError(path, "it is cut off");
    sections.push({ type: head.readUInt32LE(0), start, length: Number(length) });
    position = start + Number(length);
  }
  return sections;
}

async function readAt(file: FileHandle, path: string, start: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(length);
  for (let done = 0; done < length;) {
    const { bytesRead } = await file.read(bytes, done, length - done, start + done);
    if (bytesRead === 0) throw new ProverFileError(path, "it is cut off");
    done += bytesRead;
  }
  return bytes;
}

/** Writes a file of sections; the bytes of one section may come in parts. */
export async function writeSections(
  path: string,
  magic: "zkey",
  version: number,
  sections: readonly { type: number; parts: readonly Uint8Array[] }[],
): Promise<void> {
  const file = await open(path, "wx");
  try {
    const header = Buffer.alloc(FILE_HEADER);
    header.write(magic, "latin1");
    header.writeUInt32LE(version, 4);
    header.writeUInt32LE(sections.length, 8);
    await file.writeFile(header);
    for (const { type, parts } of sections) {
      const head = Buffer.alloc(SECTION_HEADER);
      head.writeUInt32LE(type, 0);
      head.writeBigUInt64LE(BigInt(parts.reduce((sum, part) => sum + part.length, 0)), 4);
      await file.writeFile(head);
      for (const part of parts) await file.writeFile(part);
    }
  } finally {
    await file.close();
  }
}

/** A little-endian number of 32 bytes. */
export function readUint256(bytes: Buffer, offset: number): bigint {
  return (
    bytes.readBigUInt64LE(offset) |
    (bytes.readBigUInt64LE(offset + 8) << 64n) |
    (bytes.readBigUInt64LE(offset + 16) << 128n) |
    (bytes.readBigUInt64LE(offset + 24) << 192n)
  );
}

const LIMB = (1n << 64n) - 1n;

/** Writes `value`, below 2^256, as a little-endian number of 32 bytes. */
export function writeUint256(bytes: Buffer, offset: number, value: bigint): void {
  for (let i = 0, rest = value; i < 4; i++, rest >>= 64n) bytes.writeBigUInt64LE(rest & LIMB, offset + 8 * i);
}
