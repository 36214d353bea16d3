import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";

import { isMissing } from "../../deploy/address-book.js";
import { type BlsKey, blsKeyOf, createBlsSecret } from "../../plugin/da/committee/bls.js";
import type { Hex } from "../../plugin/types.js";
import { ArgumentError } from "./action.js";

/** A member's key as a file has it. */
export interface KeyFile extends BlsKey {
  secret: Hex;
}

/** Reads the key in a file: its secret, 32 bytes in hex. */
export async function readKeyFile(path: string): Promise<KeyFile> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if (!isMissing(error)) throw error;
    throw new ArgumentError("key", `--key ${path} is not there; npx hardhat dac:key --key ${path} makes it`);
  }
  try {
    const secret = text.trim() as Hex;
    return { secret, ...blsKeyOf(secret) };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new ArgumentError("key", `--key ${path} holds no key; one line with 0x and 64 hex digits is right`);
  }
}

/** The key in a file, made where there is none. */
export async function keyFileOf(path: string): Promise<KeyFile & { isNew: boolean }> {
  await mkdir(dirname(path), { recursive: true });
  try {
    await writeFile(path, `${createBlsSecret()}\n`, { flag: "wx", mode: 0o600, flush: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    return { ...(await readKeyFile(path)), isNew: false };
  }
  return { ...(await readKeyFile(path)), isNew: true };
}
