import { action, ArgumentError, type CommonArguments, type TaskContext } from "./support/action.js";
import { announce } from "./upgrade/propose.js";
import { cancel, confirm, execute } from "./upgrade/decide.js";
import { list, show } from "./upgrade/look.js";
import { openUpgrades, type Upgrades } from "./upgrade/open.js";

export interface UpgradeArguments extends CommonArguments {
  what: string;
  deployment: string | undefined;
  from: string | undefined;
  id: string | undefined;
  proxy: string | undefined;
  contract: string | undefined;
  implementation: string | undefined;
  arguments: string | undefined;
  call: string | undefined;
  delay: string | undefined;
  evidence: string | undefined;
  dryRun: boolean;
}

type Move = (input: UpgradeArguments, upgrades: Upgrades, context: TaskContext) => Promise<object>;

const MOVES: Readonly<Record<string, Move>> = { propose: announce, list, show, execute, cancel, confirm };

export default action<UpgradeArguments>(async (input, context) => {
  const move = MOVES[input.what];
  if (move === undefined) {
    throw new ArgumentError(
      "what",
      `${input.what} is no step of an upgrade; there are ${Object.keys(MOVES).join(", ")}`,
    );
  }
  return move(input, await openUpgrades(input, context), context);
});
