import { type Command, perform } from "./commands.js";
import { askNode } from "./control.js";
import { openParty, type PartyArguments, placeOf } from "./party.js";
import type { TaskContext } from "../support/action.js";
import { untilInterrupted } from "../support/signal.js";

/** Has a command done by the participant's running node, or without one by this process, which listens meanwhile. */
export async function runCommand(
  command: Command,
  input: PartyArguments,
  { hre, output }: TaskContext,
): Promise<object> {
  const place = await placeOf(hre, input);
  const asked = await askNode(place.storage, command);
  if (asked !== undefined) return show(asked.lines, asked.document);
  const { signal, release } = untilInterrupted();
  try {
    const party = await openParty(place, input);
    try {
      const { lines, document } = await perform(party, command, signal);
      show(lines, document);
      const unwatched = await party.watched(signal);
      if (unwatched !== undefined) output.error(unwatched);
      return input.watchtower === undefined ? document : { ...document, isWatched: unwatched === undefined };
    } finally {
      await party.close();
    }
  } finally {
    release();
  }

  function show(lines: readonly string[], document: object): object {
    for (const line of lines) output.line(line);
    return document;
  }
}
