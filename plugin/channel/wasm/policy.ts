import type { Policy } from "../policy.js";
import type { KnownState } from "../state.js";
import type { ShownState } from "./move.js";
import type { WasmRules } from "./rules.js";

/** What a client signs of a channel with these rules: the moves that they allow, and nothing else. */
export function rulesPolicy(rules: WasmRules): Policy {
  return ({ channelId, params, current, next }) =>
    rules.refusal({ channelId, params, base: shown(current), candidate: shown(next) });
}

function shown({ state: { turnNum, isFinal }, appData, outcome }: KnownState): ShownState {
  return { turnNum, isFinal, appData, outcome };
}
