// The JSON schema of parameter files, from the descriptions of the parameters, to build/parameters.schema.json.
import { mkdirSync, writeFileSync } from "node:fs";

import { tsImport } from "tsx/esm/api";

const { parameterSchema } = await tsImport("../deploy/parameters/schema.ts", import.meta.url);

mkdirSync("build", { recursive: true });
writeFileSync("build/parameters.schema.json", `${JSON.stringify(parameterSchema(), undefined, 2)}\n`);
