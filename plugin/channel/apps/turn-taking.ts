/** What a chain of moves needs of each state: its turn, and who signed it. */
export interface SignedTurn {
  turnNum: bigint;
  isFinal: boolean;
  /** By participant: whether it signed. */
  signed: readonly boolean[];
}

/** Index of the participant who moves at a turn. */
export function moverOf(turnNum: bigint, participants: number): number {
  return Number(turnNum % BigInt(participants));
}

/**
 * The shortest end of `states` that binds everybody to the last one: each state signed by its mover and of the turn after the
 * one before it, none but the last final, and a signature of everybody somewhere in it. The rule of TurnTakingApp.
 * @param states In ascending turns.
 * @returns Undefined where there is none.
 */
export function bindingSupport<State extends SignedTurn>(states: readonly State[]): State[] | undefined {
  const participants = states.at(-1)?.signed.length ?? 0;
  const bound = new Set<number>();
  for (let i = states.length - 1; i >= 0; i--) {
    const { turnNum, signed } = states[i]!;
    const after = states[i + 1];
    if (!signed[moverOf(turnNum, participants)]) return undefined;
    if (after && (states[i]!.isFinal || after.turnNum !== turnNum + 1n)) return undefined;
    signed.forEach((has, participant) => {
      if (has) bound.add(participant);
    });
    if (bound.size === participants) return states.slice(i);
  }
  return undefined;
}
