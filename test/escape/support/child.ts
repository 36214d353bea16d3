/** Rebuilds some life into a folder, and kills itself with SIGKILL while it executes batch number `argv[3]`. */
import { openLevelStore } from "../../../plugin/store/level.js";
import type { Program } from "../../../plugin/validator/types.js";
import { realProgram, rebuild, someLife } from "./scene.js";

const [, , folder = "", killAt = "0"] = process.argv;
const program = realProgram();
const rollup = await someLife(program);
let executed = 0;
const mortal: Program = {
  ...program,
  execute(input, nodes) {
    const output = program.execute(input, nodes);
    executed++;
    if (input.index === BigInt(killAt)) process.kill(process.pid, "SIGKILL");
    return output;
  },
};
const store = await openLevelStore(folder);
await rebuild(rollup, mortal, store);
await store.close();
process.stdout.write(`${executed}\n`);
