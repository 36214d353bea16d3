/** An app of Connect Four on an in-process L1. */
import { type AddressLike, type Signer, ZeroAddress } from "ethers";

import { readGuestProgram } from "../../../plugin/machine/artifacts.js";
import { factsOf } from "../../../plugin/machine/facts.js";
import type { WasmRules } from "../../../plugin/channel/wasm/rules.js";
import { wasmRules } from "../../../plugin/channel/wasm/rules.js";
import {
  DisputeGame__factory,
  OneStepVerifier__factory,
  type WasmForceMoveApp,
  WasmForceMoveApp__factory,
} from "../../../typechain-types/index.js";

export const connectFour = wasmRules(readGuestProgram("connect-four"));

/** Times in seconds; short, because nothing here is slow. */
export const GAME = { dissectionBits: 5n, clock: 600n, extension: 60n, baseBond: 10n ** 15n };
export const WINDOW = 300n;

/** What an app is deployed with. */
export function appParameters(verifier: AddressLike, rules: WasmRules = connectFour) {
  const { machineHash, codeRoot, memoryRoot0, entryPc, pages, maxPages, version } = factsOf(rules.program());
  return {
    ...{ chain: ZeroAddress, bridge: ZeroAddress, availability: ZeroAddress, l2ChainId: 0n, verifier },
    ...{ machineHash, codeRoot, memoryRoot0, entryPc, pages, maxPages, version },
    ...GAME,
  };
}

export async function deployApp(
  { deployer }: { deployer: Signer },
  adjudicator: AddressLike,
  rules: WasmRules = connectFour,
) {
  const verifier = await new OneStepVerifier__factory(deployer).deploy();
  const app: WasmForceMoveApp = await new WasmForceMoveApp__factory(deployer).deploy(
    adjudicator,
    WINDOW,
    appParameters(verifier, rules),
  );
  return { app, verifier, game: DisputeGame__factory.connect(await app.game(), deployer) };
}
