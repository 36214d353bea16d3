import { claimId, listHash } from "../../../plugin/dispute/rules.js";
import { createGameTree, type GameTree } from "../../../plugin/dispute/tree.js";
import type { DisputedBatch, DisputeEvent, DisputeParameters } from "../../../plugin/dispute/types.js";
import { type Hex, ZERO_ADDRESS } from "../../../plugin/types.js";
import { createModel, type Model, type Named, type Reasons } from "../model.js";
import { type ToyRun, toyState } from "./toy.js";

/** A move as an account sends it; valid or not. */
export type Play =
  | { kind: "counterBatch"; list: readonly Hex[]; value: bigint }
  | { kind: "counter"; named: Named; index: number; list: readonly Hex[]; value: bigint }
  | { kind: "step"; named: Named; index: number; world: bigint; step: number }
  | { kind: "resolve"; ids: readonly Hex[] }
  | { kind: "resolveBatch" }
  | { kind: "claimCredit" };

/** One game: the model, and the tree that participants make of its events. */
export interface Table {
  readonly run: ToyRun;
  readonly model: Model;
  readonly tree: GameTree;
  /** All that L1 would have reported. */
  readonly events: readonly DisputeEvent[];
  /** Sends a move at a time that is never before the last one. Returns why it was refused. */
  play(by: Hex, play: Play, now: bigint): Promise<Reasons>;
}

/** Gets to see every move after the model made or refused it. */
export type Mirror = (by: Hex, play: Play, now: bigint, reasons: Reasons) => Promise<void>;

export function createTable(
  parameters: DisputeParameters,
  batch: DisputedBatch,
  run: ToyRun,
  mirror: Mirror = () => Promise.resolve(),
): Table {
  const identify = (parent: string, index: number, start: string, list: readonly string[]) =>
    claimId({ parent: parent as Hex, index, start: start as Hex, listHash: listHash(list as Hex[]) });
  const model = createModel(parameters, { ...batch, id: batch.headerHash }, identify);
  const tree = createGameTree(parameters, batch);
  const events: DisputeEvent[] = [];

  function emit(event: DisputeEvent): void {
    events.push(event);
    tree.apply(event);
  }

  let last = 0n;

  function make(by: Hex, play: Play, now: bigint): Reasons {
    switch (play.kind) {
      case "counterBatch":
        return model.counterBatch({ by, now, ...play });
      case "counter":
        return model.counter({ by, now, ...play });
      case "step":
        return model.step({ by, now, ...play, next: (state) => toyNext(run, state, play) });
      case "resolve":
        return model.resolve({ by, now, ...play });
      case "resolveBatch":
        return model.resolveBatch({ by, now });
      case "claimCredit":
        return model.claimCredit(by);
    }
  }

  /** What L1 would report of a move that was made. */
  function report(by: Hex, play: Play, now: bigint, resolvedBefore: ReadonlySet<string>): void {
    if (play.kind === "counterBatch" || play.kind === "counter") {
      const made = [...model.claims.values()].at(-1)!;
      const claim = {
        parent: (made.parent?.id ?? batch.headerHash) as Hex,
        index: made.index,
        start: made.start as Hex,
        listHash: listHash(play.list),
      };
      emit({ kind: "claimMade", id: made.id as Hex, claimant: by, claim, list: play.list, timestamp: now });
    } else if (play.kind === "step") {
      const state = toyNext(run, toyState(run, play.step, play.world), play)!;
      emit({ kind: "claimStepped", id: play.named.id as Hex, index: play.index, state, winner: by });
    } else if (play.kind === "resolve") {
      for (const id of play.ids) {
        const claim = model.claims.get(id)!;
        if (resolvedBefore.has(id)) continue;
        const [payee, amount] = [claim.payee as Hex, claim.amount!];
        emit({ kind: "claimResolved", id, isRefuted: claim.outcome === "refuted", payee, amount });
      }
    } else if (play.kind === "resolveBatch") {
      const winner = (model.outcome!.winner ?? ZERO_ADDRESS) as Hex;
      emit({ kind: "gameResolved", headerHash: batch.headerHash, winner });
    }
  }

  return {
    run,
    model,
    tree,
    events,
    async play(by, play, now) {
      if (now < last) throw new RangeError(`time goes back from ${last} to ${now}`);
      last = now;
      const resolved = new Set([...model.claims.values()].filter(({ outcome }) => outcome).map(({ id }) => id));
      const reasons = make(by, play, now);
      if (reasons.length === 0) report(by, play, now, resolved);
      await mirror(by, play, now, reasons);
      return reasons;
    },
  };
}

/** What the verifier makes of a state with the witness of a step. */
function toyNext(run: ToyRun, state: string, { world, step }: { world: bigint; step: number }): Hex | undefined {
  return state === toyState(run, step, world) ? toyState(run, step + 1, world) : undefined;
}
