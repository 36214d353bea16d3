import { HDNodeWallet, NonceManager, type Signer } from "ethers";

import type { Hex } from "../../../plugin/types.js";
import {
  BlocklistToken__factory,
  DecimalsToken__factory,
  FeeOnSenderToken__factory,
  FeeOnTransferToken__factory,
  InjectedNameToken__factory,
  LyingToken__factory,
  MissingReturnToken__factory,
  MockSafe__factory,
  NoRevertToken__factory,
  PartialToken__factory,
  PausableToken__factory,
  RebasingToken__factory,
  ReentrantToken__factory,
  ReturnBombToken__factory,
  ReturnsFalseToken__factory,
  StandardToken__factory,
  UpgradableToken__factory,
} from "../../../typechain-types/index.js";
import type { Anvil } from "../../l1/support/anvil.js";

const MNEMONIC = "test test test test test test test test test test test junk";
const AMOUNT = 10n ** 30n;

interface Mintable {
  getAddress(): Promise<string>;
  mint(to: string, amount: bigint): Promise<{ wait(): Promise<unknown> }>;
}

export interface AwkwardChain {
  /** By what is awkward about them. */
  tokens: Record<string, Hex>;
  /** Has much of all of them. */
  holder: Hex;
  /** 2 of 3. */
  safe: Hex;
}

/** Tokens that do not what they should, on a node that somebody else runs. */
export async function awkwardChain({ provider }: Anvil): Promise<AwkwardChain> {
  const signer = new NonceManager(HDNodeWallet.fromPhrase(MNEMONIC).connect(provider));
  const [holder, ...owners] = [7, 8, 9, 5].map((i) => accountAt(i));
  const tokens: Record<string, Hex> = {};
  const add = async (name: string, token: Mintable) => {
    await (await token.mint(holder ?? "", AMOUNT)).wait();
    tokens[name] = (await token.getAddress()) as Hex;
  };
  await add("standard", await new StandardToken__factory(signer).deploy());
  await add("returns nothing", await new MissingReturnToken__factory(signer).deploy(false));
  await add("fee", await new FeeOnTransferToken__factory(signer).deploy());
  await add("blocklist", await new BlocklistToken__factory(signer).deploy());
  await add("returns false", await new ReturnsFalseToken__factory(signer).deploy());
  await add("rebasing", await new RebasingToken__factory(signer).deploy());
  await add("hooks", await new ReentrantToken__factory(signer).deploy());
  await add("24 decimals", await new DecimalsToken__factory(signer).deploy(24));
  await add("script in its name", await new InjectedNameToken__factory(signer).deploy());
  const bomb = await new ReturnBombToken__factory(signer).deploy();
  await add("return bomb", bomb);
  const refusing = await new NoRevertToken__factory(signer).deploy();
  await add("moves nothing", refusing);
  const silent = await new LyingToken__factory(signer).deploy();
  await add("silent", silent);
  const paused = await new PausableToken__factory(signer).deploy();
  await add("paused", paused);
  await (await paused.setPaused(true)).wait();
  await (await silent.setSilent(true)).wait();
  await add("proxy", await proxied(signer));
  const greedy = await new FeeOnSenderToken__factory(signer).deploy();
  await add("charges the sender", greedy);
  await (await greedy.setCharging(true)).wait();
  const halving = await new PartialToken__factory(signer).deploy();
  await add("moves half", halving);
  await (await halving.setHalving(true)).wait();
  const safe = await new MockSafe__factory(signer).deploy(owners, 2);
  return { tokens, holder: holder as Hex, safe: (await safe.getAddress()) as Hex };
}

/** A blocklist behind a proxy that can be given other code. */
async function proxied(signer: Signer): Promise<Mintable> {
  const code = await new BlocklistToken__factory(signer).deploy();
  const proxy = await new UpgradableToken__factory(signer).deploy(await code.getAddress());
  return BlocklistToken__factory.connect(await proxy.getAddress(), signer);
}

function accountAt(position: number): string {
  return HDNodeWallet.fromPhrase(MNEMONIC, "", `m/44'/60'/0'/0/${position}`).address;
}
