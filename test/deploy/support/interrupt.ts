import { AbstractSigner, type Provider, type Signer, type TransactionRequest, type TransactionResponse } from "ethers";

import type { JournalEntry } from "../../../deploy/journal.js";
import type { DeployOptions } from "../../../deploy/suite.js";
import type { Deployer } from "./deployment.js";

/** The process is gone: nothing runs after this. */
export class Killed extends Error {
  override readonly name = "Killed";
}

/** What is told of everything that a deployment does that outlives it, before and after it happens; throwing is death. */
type Observer = (moment: string) => void | Promise<void>;

/**
 * A deployment that tells of each of its durable moments: the journal is written, a transaction is sent, a receipt is read.
 * @param observe Gets the step and the moment, such as `060-dispute-game: after send`.
 */
export function observed(options: DeployOptions & { signer: Deployer }, observe: Observer): DeployOptions {
  let step = "start";
  let death: unknown;
  const tell = async (moment: string): Promise<void> => {
    try {
      await observe(`${step}: ${moment}`);
    } catch (error) {
      death = error;
      throw error;
    }
  };
  const around = async <T>(what: string, act: () => Promise<T>): Promise<T> => {
    if (death !== undefined) throw new Killed("nothing runs after its process");
    await tell(`before ${what}`);
    const result = await act();
    await tell(`after ${what}`);
    return result;
  };
  const { journal, signer } = options;
  const provider = new Proxy(signer.provider, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== "function") return value;
      const call = (...input: unknown[]): unknown => {
        if (death !== undefined) throw new Killed("nothing runs after its process");
        return Reflect.apply(value, target, input) as unknown;
      };
      return name === "getTransactionReceipt"
        ? (...input: unknown[]) => around("receipt", () => call(...input) as Promise<unknown>)
        : call;
    },
  });
  return {
    ...options,
    signer: new ObservedSigner(signer, provider, around),
    journal: {
      ...journal,
      save: (content) => around(`journal of ${stateOf(content.entries[step])}`, () => journal.save(content)),
    },
    onStart: ({ id }) => {
      step = id;
    },
  };
}

/** How much of a step's transaction a journal knows. */
function stateOf(entry: JournalEntry | undefined): string {
  if (entry === undefined) return "nothing";
  if (entry.block !== undefined) return "receipt";
  return entry.transaction === undefined ? "nonce" : "hash";
}

class ObservedSigner extends AbstractSigner<Provider> {
  constructor(
    readonly inner: Deployer,
    provider: Provider,
    readonly around: <T>(what: string, act: () => Promise<T>) => Promise<T>,
  ) {
    super(provider);
  }

  getAddress = (): Promise<string> => this.inner.getAddress();
  connect = (): Signer => this;
  signTransaction = (transaction: TransactionRequest): Promise<string> => this.inner.signTransaction(transaction);
  signMessage = (message: string | Uint8Array): Promise<string> => this.inner.signMessage(message);
  signTypedData: AbstractSigner["signTypedData"] = (...input) => this.inner.signTypedData(...input);
  override sendTransaction = (transaction: TransactionRequest): Promise<TransactionResponse> =>
    this.around("send", () => this.inner.sendTransaction(transaction));
}
