import { type BaseWallet, Wallet } from "ethers";

import type { RollupParameters } from "../../plugin/types.js";
import { type Fork, setBalance } from "../support/fork.js";
import type { People } from "./stage.js";

const ETHER = 10n ** 18n;
/** For gas, whatever it costs, deposits and the bonds of a dispute. */
const SPENDING = 10_000n * ETHER;

/** Accounts that nobody else has, with ETH that the fork gave them; erin has none. */
export async function newPeople(
  { connection }: Fork,
  { sequencerBond, disputeBond }: Pick<RollupParameters, "sequencerBond" | "disputeBond">,
): Promise<People> {
  const { provider } = connection.ethers;
  const wallet = async (money: bigint): Promise<BaseWallet> => {
    const made = Wallet.createRandom(provider);
    if (money > 0n) await setBalance(connection, made.address, money);
    return made;
  };
  const player = SPENDING + sequencerBond + 1_000n * disputeBond;
  return {
    alice: await wallet(SPENDING),
    bob: await wallet(ETHER),
    carol: await wallet(SPENDING),
    dave: await wallet(SPENDING),
    erin: await wallet(0n),
    payer: await wallet(SPENDING),
    sequencer: await wallet(player),
    validator: await wallet(player),
    liar: await wallet(player),
  };
}
