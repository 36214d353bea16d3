import { toHex } from "../../ledger/bytes.js";
import { answerErc20View } from "../../ledger/erc20.js";
import { TransactionError } from "../../ledger/transaction.js";
import type { NodeReader } from "../../ledger/types.js";
import type { Hex } from "../../types.js";
import { decodeAmount, decodeFee } from "../../validity/amounts.js";
import { decodeBatch, encodeBatch, VALIDITY_BATCH_MESSAGES } from "../../validity/batch.js";
import type { CircuitSize } from "../../validity/execute.js";
import { fromAddress, hasKey } from "../../validity/leaf.js";
import { type Domain, txDomain } from "../../validity/statement.js";
import { escapeProof, genesisNodes, openState } from "../../validity/state.js";
import { isSignedBy, type SignedRegistration, type SignedTransfer } from "../../validity/transfer.js";
import type { SequencerLedger } from "../ledger.js";
import { toJson } from "../rpc/format.js";
import { accountKeyOf, leafAccount, readAccountOf, registrationAccount } from "./accounts.js";
import { validityBatch } from "./batch.js";
import { createValidityExecutor } from "./executor.js";
import { validityMethods } from "./methods.js";
import { ownerOf, parseShown, requestOf } from "./requests.js";

export interface ValidityLedgerOptions {
  domain: Domain;
  size: CircuitSize;
  /** Who posts: every proof names him. */
  submitter: Hex;
}

/** The ledger of docs/validity.md, whose rules are a circuit. */
export function validityLedger(options: ValidityLedgerOptions): SequencerLedger {
  const { domain, size } = options;
  const { levels, slots } = size;
  const signed = txDomain(domain);

  /** Keys are part of the state: one that it does not have signs nothing. */
  function checkSender(request: SignedTransfer | SignedRegistration, nodes: NodeReader, root: Hex): void {
    const { exists, leaf } = openState(levels, root, nodes).find(request);
    const refuse = (message: string): never => {
      throw new TransactionError("signature", message);
    };
    if (!exists) refuse("the sender never had a balance in this token; make a deposit first");
    if (request.type === "registration") {
      if (hasKey(leaf)) refuse("a key is registered for this token; only a message on L1 changes it");
      return;
    }
    if (!hasKey(leaf)) refuse("the sender has registered no key for this token");
    if (!isSignedBy(request, signed, leaf.key)) refuse("the transfer is not signed with the sender's key");
  }

  return {
    genesis: genesisNodes(levels),
    blockMessages: slots,
    blockTransactions: slots,
    ...VALIDITY_BATCH_MESSAGES,

    parse: (raw) => parseShown(raw, domain),
    forcedTransaction: () => undefined,
    senderOf(transaction, nodes, root) {
      checkSender(requestOf(transaction), nodes, root);
      return ownerOf(transaction);
    },
    payment(transaction) {
      const request = requestOf(transaction);
      if (request.type === "registration") return { account: registrationAccount(request), cost: 1n };
      return { account: leafAccount(request), cost: costOf(request) };
    },
    gas: () => 1n,

    account: (nodes, root, account) => readAccountOf(levels, nodes, root, account),
    accountKey: accountKeyOf,
    view: (nodes, root, token, data) =>
      answerErc20View(data, {
        balanceOf: (account) => leafAt(nodes, root, account, token).leaf?.balance ?? 0n,
        allowance: () => 0n,
      }),
    prove(nodes, root, { account, token }) {
      const { leaf, proof } = leafAt(nodes, root, account, token);
      return { leaf: toJson(leaf), proof: proof === undefined ? null : toHex(proof) };
    },
    methods: validityMethods(options),

    executor: (parts) => createValidityExecutor({ ...parts, domain, size }),
    batch: (maxBytes, nodes) => validityBatch({ ...options, maxBytes, nodes }),
    contentOf({ timestamp, submitter }, data) {
      const blocks = decodeBatch(data).map((segment) => {
        return { timestamp, messages: segment.messages, data: encodeBatch([segment]) };
      });
      return { coinbase: submitter, baseFee: 0n, blocks };
    },
  };

  function leafAt(nodes: NodeReader, root: Hex, account: Hex, token: Hex | undefined) {
    const state = openState(levels, root, nodes);
    const id = { owner: fromAddress(account), token: token === undefined ? 0n : fromAddress(token) };
    const { exists, leaf } = state.find(id);
    return exists ? { leaf, proof: escapeProof(state, id) } : { leaf: undefined, proof: undefined };
  }
}

function costOf({ amount40, fee8 }: SignedTransfer): bigint {
  return decodeAmount(amount40) + decodeFee(fee8);
}
