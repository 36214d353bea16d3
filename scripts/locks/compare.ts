/** Lock files as text: a section's heading is not indented, its entries are, and an entry's first word names it. */

/** Text by file. */
export type Locks = Map<string, string>;

type Entries = Map<string, string>;

/** The entries of one file by section and name, without the spaces that align them. */
function parse(text: string): Entries {
  const entries: Entries = new Map();
  let section = "";
  for (const line of text.split("\n").filter((each) => each.trim() !== "")) {
    const [name = "", ...rest] = line.trim().split(/\s+/);
    if (!line.startsWith(" ")) section = line;
    else {
      let key = `${section}: ${name}`;
      while (entries.has(key)) key += "'";
      entries.set(key, rest.join(" "));
    }
  }
  return entries;
}

function changesOfFile(file: string, recorded: string, found: string): string[] {
  const [before, after] = [parse(recorded), parse(found)];
  const changes = [...new Set([...before.keys(), ...after.keys()])].flatMap((key) => {
    const [was, is] = [before.get(key), after.get(key)];
    if (was === is) return [];
    if (was === undefined) return [`${file}: ${key} is new: ${is}`];
    if (is === undefined) return [`${file}: ${key} is gone: ${was}`];
    return [`${file}: ${key} was ${was}, is ${is}`];
  });
  return changes.length === 0 && recorded !== found ? [`${file}: order or spaces changed`] : changes;
}

/** One line for each entry that changed, is new, or is gone. */
export function changesOf(recorded: Locks, found: Locks): string[] {
  return [...new Set([...recorded.keys(), ...found.keys()])].sort().flatMap((file) => {
    const [was, is] = [recorded.get(file), found.get(file)];
    if (was === undefined) return [`${file}: a new contract, not recorded`];
    if (is === undefined) return [`${file}: recorded, of no contract`];
    return changesOfFile(file, was, is);
  });
}
