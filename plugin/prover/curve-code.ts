import { pathToFileURL } from "node:url";

/** BN254's arithmetic as ffjavascript generates it. Its functions use a memory that is imported as `env.memory`. */
export interface CurveCode {
  code: Uint8Array;
  /** Of memory, at first. */
  pages: number;
  /** Pointers to the Jacobian generators, by group. */
  generator: { 1: number; 2: number };
}

interface Ffjavascript {
  buildBn128: (singleThread: true) => Promise<{ tm: { code: Uint8Array; pG1gen: number; pG2gen: number } }>;
}

const PAGES = 25;

/** Loads ffjavascript from `path`; it cannot be loaded in a thread, its code can be run in one. */
export async function loadCurveCode(path: string): Promise<CurveCode> {
  const { buildBn128 } = (await import(pathToFileURL(path).href)) as Ffjavascript;
  const { tm } = await buildBn128(true);
  return { code: tm.code, pages: PAGES, generator: { 1: tm.pG1gen, 2: tm.pG2gen } };
}
