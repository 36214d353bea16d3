import {
  AbstractSigner,
  assertArgument,
  HDNodeWallet,
  type Provider,
  type Signer,
  type TransactionRequest,
  type TypedDataDomain,
  type TypedDataField,
  Wallet,
} from "ethers";
import type { NetworkConfig } from "hardhat/types/config";
import { HardhatPluginError } from "hardhat/plugins";

import type { Hex } from "../types.js";

/** Accounts that development nodes are born with; their keys are public. */
const DEVELOPMENT = {
  mnemonic: "test test test test test test test test test test test junk",
  path: "m/44'/60'/0'/0",
  count: 20,
};

/** Wallets of a network by address. */
type Wallets = ReadonlyMap<string, Wallet>;

/** Signs L2 transactions for signers of L1. */
export interface Keyring {
  /**
   * `signer` on `provider`. An ethers Wallet signs with its own key; a signer of the Hardhat network with the key that the
   * network's `accounts` hold for its address, looked up on first use.
   */
  walletOn(provider: Provider, signer: Signer): Signer;
  /** The private key of `signer`. */
  keyOf(signer: Signer): Promise<Hex>;
}

/** The keys of a network's `accounts`; of accounts that its node keeps, those that are public. */
export function keyringOf(networkName: string, networkConfig: Pick<NetworkConfig, "accounts">): Keyring {
  let wallets: Promise<Wallets> | undefined;
  const find = async (signer: Signer): Promise<Wallet> => {
    wallets ??= walletsOf(networkConfig);
    const address = await signer.getAddress();
    const found = (await wallets).get(address);
    if (found !== undefined) return found;
    throw new HardhatPluginError(
      "hardhat-rollup",
      `network "${networkName}" holds no private key of ${address}; add it to networks.${networkName}.accounts, or pass an ethers Wallet`,
    );
  };
  return {
    keyOf: async (signer) => (hasPrivateKey(signer) ? signer : await find(signer)).privateKey as Hex,
    walletOn: (provider, signer) =>
      hasPrivateKey(signer) ? new Wallet(signer.privateKey, provider) : new LazyWallet(provider, () => find(signer)),
  };
}

async function walletsOf({ accounts }: Pick<NetworkConfig, "accounts">): Promise<Wallets> {
  const keys = Array.isArray(accounts)
    ? await Promise.all(accounts.map((account) => ("privateKey" in account ? account.privateKey : account).get()))
    : await derivedKeys(accounts);
  return new Map(keys.map((key) => new Wallet(key)).map((wallet) => [wallet.address, wallet]));
}

async function derivedKeys(accounts: Exclude<NetworkConfig["accounts"], unknown[]>): Promise<string[]> {
  const [mnemonic, passphrase, path, first, count] =
    accounts === "remote"
      ? [DEVELOPMENT.mnemonic, "", DEVELOPMENT.path, 0, DEVELOPMENT.count]
      : [
          await accounts.mnemonic.get(),
          await accounts.passphrase.get(),
          accounts.path,
          accounts.initialIndex,
          accounts.count,
        ];
  const parent = HDNodeWallet.fromPhrase(mnemonic, passphrase, path);
  return Array.from({ length: count }, (_, i) => parent.deriveChild(first + i).privateKey);
}

function hasPrivateKey(signer: Signer): signer is Signer & { privateKey: string } {
  return "privateKey" in signer && typeof signer.privateKey === "string";
}

/** A signer whose key is looked up when it first signs. ethers asks for a class here. */
class LazyWallet extends AbstractSigner<Provider> {
  readonly #wallet: () => Promise<Wallet>;

  constructor(provider: Provider, wallet: () => Promise<Wallet>) {
    super(provider);
    this.#wallet = wallet;
  }

  async getAddress(): Promise<string> {
    return (await this.#wallet()).address;
  }

  connect(provider: Provider | null): Signer {
    assertArgument(provider !== null, "a wallet of the L2 needs a provider", "provider", provider);
    return new LazyWallet(provider, this.#wallet);
  }

  async signTransaction(transaction: TransactionRequest): Promise<string> {
    return (await this.#wallet()).connect(this.provider).signTransaction(transaction);
  }

  async signMessage(message: string | Uint8Array): Promise<string> {
    return (await this.#wallet()).signMessage(message);
  }

  async signTypedData(
    domain: TypedDataDomain,
    types: Record<string, TypedDataField[]>,
    // ethers declares it so.
    value: Record<string, unknown>,
  ): Promise<string> {
    return (await this.#wallet()).signTypedData(domain, types, value);
  }
}
