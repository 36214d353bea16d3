// What is dear to make is made once: a folder per key, made beside its place and moved there whole, so that a process
// killed at any time leaves either all of it or a `.partial` that the next one removes.
import { createHash, randomBytes } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { pipeline } from "node:stream/promises";

const MANIFEST = "manifest.json";
const PARTIAL = /\.(\d+)-[0-9a-f]+\.partial$/;

/** Files by name, in order of name, each with its SHA-256. */
type Manifest = Record<string, string>;

/** Key of a cache entry: SHA-256 of what it is made from. */
export function cacheKey(parts: unknown): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
}

/** SHA-256 of a file, in hex. */
export async function hashFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex");
}

/** Returns the entry's folder if it is there and no file of it has changed. */
export async function findCached(shelf: string, key: string): Promise<string | undefined> {
  const folder = join(shelf, key);
  const manifest = await readManifest(folder);
  if (manifest === undefined) return undefined;
  const now = await manifestOf(folder);
  return JSON.stringify(now) === JSON.stringify(manifest) ? folder : undefined;
}

/** Returns the entry's folder, made by `make` in a folder of its own if it is not there. */
export async function cached(shelf: string, key: string, make: (folder: string) => Promise<void>): Promise<string> {
  const found = await findCached(shelf, key);
  if (found !== undefined) return found;
  await mkdir(shelf, { recursive: true });
  await sweep(shelf);

  const partial = join(shelf, `${key}.${process.pid}-${randomBytes(4).toString("hex")}.partial`);
  const folder = join(shelf, key);
  await mkdir(partial);
  try {
    await make(partial);
    await writeFile(join(partial, MANIFEST), JSON.stringify(await manifestOf(partial)));
    await rename(partial, folder).catch(async (error: unknown) => {
      // Another process may have been faster; what stands there broken goes.
      if ((await findCached(shelf, key)) !== undefined) return;
      if (!isTaken(error)) throw error;
      await rm(folder, { recursive: true, force: true });
      await rename(partial, folder);
    });
  } finally {
    // A process that was killed a moment ago may still write.
    await rm(partial, { recursive: true, force: true, maxRetries: 5 });
  }
  return folder;
}

function isTaken(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === "ENOTEMPTY" || code === "EEXIST" || code === "EPERM";
}

async function readManifest(folder: string): Promise<Manifest | undefined> {
  try {
    return JSON.parse(await readFile(join(folder, MANIFEST), "utf8")) as Manifest;
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

async function manifestOf(folder: string): Promise<Manifest> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const names = entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .filter((name) => name !== MANIFEST)
    .sort();
  const manifest: Manifest = {};
  for (const name of names) manifest[name] = await hashFile(join(folder, name));
  return manifest;
}

/** Removes what killed processes left unfinished. */
async function sweep(shelf: string): Promise<void> {
  for (const name of await readdir(shelf)) {
    const pid = PARTIAL.exec(name)?.[1];
    if (pid !== undefined && !isAlive(Number(pid))) await rm(join(shelf, name), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
