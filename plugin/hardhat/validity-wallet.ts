import {
  AbstractSigner,
  assertArgument,
  type JsonRpcApiProvider,
  type Provider,
  resolveAddress,
  type Signer,
  type TransactionRequest,
  type TransactionResponse,
  type TypedDataDomain,
  type TypedDataField,
} from "ethers";
import { HardhatPluginError } from "hardhat/plugins";

import { fromHex, toBigInt, toHex } from "../ledger/bytes.js";
import { decodeErc20Call, functionSelector } from "../ledger/erc20.js";
import { type Hex, L2_BRIDGE, ZERO_ADDRESS } from "../types.js";
import { encodeAmount, encodeFee } from "../validity/amounts.js";
import { fromAddress, NO_KEY } from "../validity/leaf.js";
import type { Domain } from "../validity/statement.js";
import { openKey, type ValidityKey } from "../validity/wallet.js";

/** What the ledger of validity proofs can do for a transaction. */
interface Wish {
  token: Hex;
  recipient: Hex;
  amount: bigint;
  isWithdrawal: boolean;
}

interface LeafAnswer {
  nonce: Hex;
  key: { x: Hex; y: Hex };
}

const WITHDRAW = functionSelector("withdraw(address,address,uint256)");

/**
 * A signer of L2 where validity proofs rule: takes ordinary transactions (ETH, `transfer` of a token, `withdraw` of the bridge) and signs
 * what they mean with a key that follows from the Ethereum account, which it registers on first use. ethers asks for a class here.
 */
export class ValidityWallet extends AbstractSigner<JsonRpcApiProvider> {
  readonly #signer: Signer;
  readonly #domain: Domain;
  #key: Promise<ValidityKey> | undefined;

  constructor(signer: Signer, provider: JsonRpcApiProvider, domain: Domain) {
    super(provider);
    this.#signer = signer;
    this.#domain = domain;
  }

  getAddress(): Promise<string> {
    return this.#signer.getAddress();
  }

  connect(provider: Provider | null): Signer {
    assertArgument(
      provider !== null && "send" in provider,
      "a wallet of the L2 needs its provider",
      "provider",
      provider,
    );
    return new ValidityWallet(this.#signer, provider as JsonRpcApiProvider, this.#domain);
  }

  override async sendTransaction(request: TransactionRequest): Promise<TransactionResponse> {
    const { token, recipient, amount, isWithdrawal } = await wishOf(request);
    const owner = fromAddress((await this.getAddress()) as Hex);
    const key = await (this.#key ??= openKey(this.#signer, this.#domain));
    const leaf = await this.#registered(key, owner, token);
    const raw = key.transfer({
      owner,
      token: fromAddress(token),
      nonce: request.nonce === undefined || request.nonce === null ? BigInt(leaf.nonce) : BigInt(request.nonce),
      amount40: encodeAmount(amount),
      fee8: encodeFee(request.maxFeePerGas === undefined ? 0n : BigInt(request.maxFeePerGas ?? 0n)),
      isWithdrawal,
      recipient: fromAddress(recipient),
    });
    return this.#send(raw);
  }

  /** The leaf, once its key is registered. */
  async #registered(key: ValidityKey, owner: bigint, token: Hex): Promise<LeafAnswer> {
    const read = () =>
      this.provider.send("rollup_getLeaf", [{ owner: addressText(owner), token }]) as Promise<LeafAnswer | null>;
    const leaf = await read();
    if (leaf === null)
      throw new HardhatPluginError(
        "hardhat-rollup",
        `${addressText(owner)} never had a balance of ${token === ZERO_ADDRESS ? "ETH" : token} on L2; make a deposit first`,
      );
    if (BigInt(leaf.key.x) !== NO_KEY.x || BigInt(leaf.key.y) !== NO_KEY.y) return leaf;
    const sent = await this.#send(await key.register({ owner, token: fromAddress(token) }));
    await sent.wait();
    return (await read())!;
  }

  async #send(raw: Uint8Array): Promise<TransactionResponse> {
    const hash = (await this.provider.send("eth_sendRawTransaction", [toHex(raw)])) as string;
    const sent = await this.provider.getTransaction(hash);
    if (sent === null)
      throw new HardhatPluginError("hardhat-rollup", `the sequencer does not know transaction ${hash}`);
    return sent;
  }

  signTransaction(): Promise<string> {
    throw new HardhatPluginError(
      "hardhat-rollup",
      "a rollup of validity proofs takes no Ethereum transactions; use sendTransaction, which signs what the transaction means",
    );
  }

  signMessage(message: string | Uint8Array): Promise<string> {
    return this.#signer.signMessage(message);
  }

  signTypedData(
    domain: TypedDataDomain,
    types: Record<string, TypedDataField[]>,
    // ethers declares it so.
    value: Record<string, unknown>,
  ): Promise<string> {
    return this.#signer.signTypedData(domain, types, value);
  }
}

/** @throws HardhatPluginError for what this ledger cannot do. */
async function wishOf({ to, value, data }: TransactionRequest): Promise<Wish> {
  const target = to === undefined || to === null ? undefined : ((await resolveAddress(to)).toLowerCase() as Hex);
  const amount = value === undefined || value === null ? 0n : BigInt(value);
  const input = fromHex(data ?? "0x");
  if (target !== undefined && input.length === 0)
    return { token: ZERO_ADDRESS, recipient: target, amount, isWithdrawal: false };
  const call = decodeErc20Call(input);
  if (target !== undefined && call?.name === "transfer")
    return { token: target, recipient: call.to, amount: call.amount, isWithdrawal: false };
  if (target === L2_BRIDGE && toHex(input.subarray(0, 4)) === WITHDRAW && input.length === 100) {
    const [token, recipient] = [input.subarray(16, 36), input.subarray(48, 68)].map((part) => toHex(part));
    return { token: token!, recipient: recipient!, amount: toBigInt(input.subarray(68)), isWithdrawal: true };
  }
  throw new HardhatPluginError(
    "hardhat-rollup",
    "a rollup of validity proofs moves ETH, calls `transfer` of tokens and `withdraw` of its bridge, and nothing else",
  );
}

function addressText(owner: bigint): string {
  return `0x${owner.toString(16).padStart(40, "0")}`;
}
