/** WebAssembly text as nested lists; strings are bytes. */
export type Sexpr = Atom | Text | Sexpr[];
export interface Atom {
  atom: string;
}
export interface Text {
  bytes: Uint8Array;
}

const TOKEN = /;;[^\n]*|\(;|\s+|[()]|"(?:[^"\\]|\\.)*"|[^\s()";]+/gy;
const ESCAPES: Record<string, number> = { t: 9, n: 10, r: 13, '"': 34, "'": 39, "\\": 92 };

export function parseSexprs(source: string): Sexpr[] {
  const root: Sexpr[] = [];
  const stack = [root];
  for (let at = 0; at < source.length;) {
    TOKEN.lastIndex = at;
    const [token] = TOKEN.exec(source) ?? [];
    if (token === undefined) throw new Error(`cannot read "${source.slice(at, at + 40)}"`);
    at += token.length;
    const top = stack.at(-1);
    if (top === undefined) throw new Error("a parenthesis is closed too often");
    if (token === "(;") at = endOfComment(source, at);
    else if (token === "(") {
      const list: Sexpr[] = [];
      top.push(list);
      stack.push(list);
    } else if (token === ")") stack.pop();
    else if (token.startsWith('"')) top.push({ bytes: unescape(token.slice(1, -1)) });
    else if (!/^(\s|;;)/.test(token)) top.push({ atom: token });
  }
  return root;
}

function endOfComment(source: string, from: number): number {
  const edge = /\(;|;\)/g;
  edge.lastIndex = from;
  for (let depth = 1; depth > 0;) {
    const found = edge.exec(source);
    if (found === null) throw new Error("a comment has no end");
    depth += found[0] === "(;" ? 1 : -1;
  }
  return edge.lastIndex;
}

function unescape(text: string): Uint8Array {
  const bytes: number[] = [];
  for (const part of text.match(/\\u\{[0-9a-fA-F]+\}|\\[0-9a-fA-F]{2}|\\.|[^\\]+/gs) ?? []) {
    if (part.startsWith("\\u"))
      bytes.push(...new TextEncoder().encode(String.fromCodePoint(parseInt(part.slice(3, -1), 16))));
    else if (/^\\[0-9a-fA-F]{2}$/.test(part)) bytes.push(parseInt(part.slice(1), 16));
    else if (part.startsWith("\\")) bytes.push(ESCAPES[part.slice(1)] ?? 0);
    else bytes.push(...new TextEncoder().encode(part));
  }
  return Uint8Array.from(bytes);
}

export const isAtom = (item: Sexpr | undefined, text?: string): item is Atom =>
  item !== undefined && "atom" in item && (text === undefined || item.atom === text);
export const isText = (item: Sexpr | undefined): item is Text => item !== undefined && "bytes" in item;
/** A list that begins with the atom `head`. */
export const isForm = (item: Sexpr | undefined, head?: string): item is Sexpr[] =>
  Array.isArray(item) && (head === undefined || isAtom(item[0], head));

export function atomOf(item: Sexpr | undefined): string {
  if (!isAtom(item)) throw new Error(`expected a word, found ${JSON.stringify(item)}`);
  return item.atom;
}

export function textOf(item: Sexpr | undefined): string {
  if (!isText(item)) throw new Error(`expected a string, found ${JSON.stringify(item)}`);
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(item.bytes);
}
