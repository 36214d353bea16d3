import { mkdir, open, readFile, rename } from "node:fs/promises";
import { join } from "node:path";

import { toHex } from "../ledger/bytes.js";
import type { Blob } from "../ledger/types.js";
import type { Hex } from "../types.js";
import type { BlobSource } from "./source.js";

/** Blobs for as long as one wants them; L1 keeps them for 18 days. */
export interface BlobArchive extends BlobSource {
  /** Whether it has something under this name. */
  has(versionedHash: Hex): Promise<boolean>;
  /** Resolves when the blobs are on disk. */
  write(blobs: readonly Blob[]): Promise<void>;
}

/** A folder with a file for each blob, named by its versioned hash. It is made with the first blob. */
export function openArchive(folder: string): BlobArchive {
  const path = (versionedHash: Hex): string => join(folder, `${versionedHash}.blob`);

  async function read(versionedHash: Hex): Promise<Uint8Array | undefined> {
    try {
      return new Uint8Array(await readFile(path(versionedHash)));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw error;
    }
  }

  return {
    name: folder,
    read: ({ versionedHash }) => read(versionedHash),
    has: async (versionedHash) => (await read(versionedHash)) !== undefined,
    async write(blobs) {
      await mkdir(folder, { recursive: true });
      for (const { bytes, versionedHash } of blobs) {
        const target = path(toHex(versionedHash));
        // A file has its name once it is whole and on disk.
        const temporary = `${target}.${process.pid}.new`;
        const file = await open(temporary, "w");
        try {
          await file.writeFile(bytes);
          await file.sync();
        } finally {
          await file.close();
        }
        await rename(temporary, target);
      }
    },
  };
}

/** An archive that ends with the process: of networks that do so too. */
export function memoryArchive(): BlobArchive {
  const blobs = new Map<Hex, Uint8Array>();
  return {
    name: "the archive in memory",
    read: ({ versionedHash }) => Promise.resolve(blobs.get(versionedHash)),
    has: (versionedHash) => Promise.resolve(blobs.has(versionedHash)),
    write: (added) => {
      for (const { bytes, versionedHash } of added) blobs.set(toHex(versionedHash), bytes);
      return Promise.resolve();
    },
  };
}
