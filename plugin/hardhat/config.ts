import { isAbsolute, resolve } from "node:path";

import type { HardhatConfig, HardhatUserConfig } from "hardhat/types/config";
import type { HardhatUserConfigValidationError } from "hardhat/types/hooks";

import type { RollupConfig } from "./types.js";

const KEYS = ["parameters", "deployments"];

/** What is wrong with `rollup` in the user's config; never throws. Runs with every command, so it loads what it needs only then. */
export async function validateRollupConfig(config: HardhatUserConfig): Promise<HardhatUserConfigValidationError[]> {
  const rollup: unknown = config.rollup;
  if (rollup === undefined) return [];
  if (!isRecord(rollup)) return [{ path: ["rollup"], message: "Expected an object" }];
  const errors: HardhatUserConfigValidationError[] = [];
  for (const key of Object.keys(rollup)) {
    if (!KEYS.includes(key)) {
      errors.push({ path: ["rollup", key], message: `Unknown key; there are ${KEYS.join(" and ")}` });
    }
  }
  if (rollup.deployments !== undefined && (typeof rollup.deployments !== "string" || rollup.deployments === "")) {
    errors.push({ path: ["rollup", "deployments"], message: "Expected the path of a folder" });
  }
  if (rollup.parameters !== undefined) {
    if (!isRecord(rollup.parameters)) {
      errors.push({ path: ["rollup", "parameters"], message: "Expected an object of rollup parameters" });
    } else {
      const { parseParameters } = await import("../../deploy/parameters.js");
      for (const { parameter, message } of parseParameters(rollup.parameters).issues) {
        errors.push({ path: ["rollup", "parameters", parameter], message });
      }
    }
  }
  return errors;
}

/** The resolved `rollup` of the config: defaults in place, paths absolute. */
export function resolveRollupConfig(userConfig: HardhatUserConfig, resolved: HardhatConfig): RollupConfig {
  const deployments = userConfig.rollup?.deployments ?? "deployments";
  return {
    parameters: userConfig.rollup?.parameters ?? {},
    deployments: isAbsolute(deployments) ? deployments : resolve(resolved.paths.root, deployments),
    cache: resolve(resolved.paths.cache, "rollup"),
  };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
