import { keySigner, type KeySigner } from "../../../../plugin/channel/signing.js";
import { type AppState, encodeState } from "../../../../plugin/channel/apps/state.js";
import { channelIdOf, stateHash } from "../../../../plugin/channel/hashes.js";
import { simple } from "../../../../plugin/channel/outcome.js";
import type { Outcome } from "../../../../plugin/channel/types.js";
import { toHex } from "../../../../plugin/ledger/bytes.js";
import type { Hex } from "../../../../plugin/types.js";
import type { AppStateStruct } from "../../../../typechain-types/channel/IForceMoveApp.js";
import { createConnection } from "../../../support/env.js";

export const ETH: Hex = `0x${"00".repeat(20)}`;
export const TOKEN: Hex = `0x${"70".repeat(20)}`;

/** Keys of alice, hub and bob, in the order in which they participate. */
export const KEYS = [1, 2, 3].map((i) => keySigner(`0x${`0${i}`.repeat(32)}`)) as [KeySigner, KeySigner, KeySigner];
export const STRANGER = keySigner(`0x${"0f".repeat(32)}`);

/** Bits of participants. */
export const bits = (...participants: number[]) => participants.reduce((sum, i) => sum | (1n << BigInt(i)), 0n);

/** An L1 on which an app is asked directly. */
export async function askApp() {
  const { ethers, networkHelpers } = await createConnection();
  const [deployer] = await ethers.getSigners();
  if (deployer === undefined) throw new Error("the network has no accounts");
  const params = {
    participants: KEYS.map(({ address }) => address),
    channelNonce: 1n,
    appDefinition: TOKEN,
    challengeDuration: 3600,
    appParamsHash: toHex(new Uint8Array(32)),
  };
  const { chainId } = await ethers.provider.getNetwork();
  const channelId = channelIdOf({ l1ChainId: chainId, adjudicator: TOKEN }, params);
  return { ethers, networkHelpers, deployer, params, chainId, channelId };
}

/** A state with who signed it, as the adjudicator shows it to an app. */
export function shown(channelId: Hex, content: AppState, signedBy: bigint): AppStateStruct {
  const { state, appData, outcome } = encodeState(content);
  return {
    stateHash: stateHash(channelId, state),
    turnNum: state.turnNum,
    isFinal: state.isFinal,
    signedBy,
    appData,
    outcome,
  };
}

/** Amounts of one asset for alice, hub and bob. */
export function divided(amounts: readonly bigint[], asset = ETH): Outcome {
  return [{ asset, allocations: amounts.map((amount, i) => simple(KEYS[i]!.address, amount)) }];
}

/** What alice, who pays, and bob, who is paid, have of ETH and of a token. */
export function sides(eth: readonly [bigint, bigint], token: readonly [bigint, bigint]): Outcome {
  return [
    { asset: ETH, amounts: eth },
    { asset: TOKEN, amounts: token },
  ].map(({ asset, amounts: [payer, payee] }) => ({
    asset,
    allocations: [simple(KEYS[0].address, payer), simple(KEYS[2].address, payee)],
  }));
}

/** The outcome with an allocation changed. */
export function altered(
  outcome: Outcome,
  asset: number,
  index: number,
  change: Partial<Outcome[number]["allocations"][number]>,
): Outcome {
  return outcome.map((part, i) => ({
    asset: part.asset,
    allocations: part.allocations.map((allocation, j) =>
      i === asset && j === index ? { ...allocation, ...change } : allocation,
    ),
  }));
}
