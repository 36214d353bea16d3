import { expect } from "chai";

import { encodeBatch, stripTransaction } from "../../plugin/ledger/batch.js";
import { fromHex, toHex } from "../../plugin/ledger/bytes.js";
import { executeLedger } from "../../plugin/ledger/execute.js";
import { loadLedgerGuest } from "../../plugin/ledger/guest.js";
import { outputHash } from "../../plugin/ledger/hashes.js";
import { GENESIS_NODE, GENESIS_STATE_ROOT, indexOf } from "../../plugin/ledger/state.js";
import { traceLedger } from "../../plugin/ledger/trace.js";
import { parseTransaction } from "../../plugin/ledger/transaction.js";
import type { LedgerInput, NodeReader } from "../../plugin/ledger/types.js";
import { readGuestProgram } from "../../plugin/machine/artifacts.js";
import { programOf, type Program } from "../../plugin/machine/program.js";
import type { Trace } from "../../plugin/machine/trace.js";
import { haltedState, hashState } from "../../plugin/machine/state.js";
import { checkWitness } from "../../plugin/machine/witness.js";
import { type Hex, type InboxMessage, ZERO_ADDRESS, ZERO_HASH } from "../../plugin/types.js";
import {
  type Execute,
  type Fault,
  FaultError,
  FAULTS,
  forge,
  lyingOracle,
  lyingTrace,
} from "../../plugin/validator/faults.js";
import { L2_CHAIN_ID, user } from "./support/rollup.js";

const ETHER = 10n ** 18n;
const alice = user(1);
const bob = user(2);

describe("faults", () => {
  const nodes = new Map([[toHex(GENESIS_NODE.hash), GENESIS_NODE.preimage]]);
  const reader: NodeReader = { get: (hash) => nodes.get(toHex(hash)) };
  let program: Program;
  let execute: Execute;
  /** A batch with two deposits, and one with a deposit, a payment and a withdrawal on top of it. */
  let first: LedgerInput;
  let second: LedgerInput;

  before(async () => {
    const guest = loadLedgerGuest();
    program = programOf(readGuestProgram("ledger"));
    execute = (input, state, options) => executeLedger(guest, input, state, options);
    first = batch({ messages: [deposit(0n, alice.address), deposit(1n, bob.address)], transactions: [] });
    const after = execute(first, reader);
    for (const { hash, preimage } of after.nodes) nodes.set(toHex(hash), preimage);
    second = batch(
      {
        messages: [deposit(2n, user(3).address), deposit(3n, user(4).address)],
        transactions: [await alice.pay(0, bob.address, 5n), await bob.withdraw(0, 7n)],
      },
      after,
    );
  });

  function batch(
    { messages, transactions }: { messages: InboxMessage[]; transactions: Hex[] },
    previous: { stateRoot: Hex; inboxAcc: Hex; l2BlockTo: bigint } = {
      stateRoot: GENESIS_STATE_ROOT,
      inboxAcc: ZERO_HASH,
      l2BlockTo: 0n,
    },
  ): LedgerInput {
    const stripped = transactions.map((raw) =>
      stripTransaction(parseTransaction(fromHex(raw)), (address) => indexOf(reader, previous.stateRoot, address)),
    );
    const blocks = [{ timestamp: 1_000n, messages: messages.length, transactions: stripped }];
    return {
      l2ChainId: L2_CHAIN_ID,
      bridge: `0x${"b1".repeat(20)}`,
      index: previous.l2BlockTo + 1n,
      timestamp: 1_000n,
      inboxFrom: messages[0]?.index ?? 0n,
      l2BlockFrom: previous.l2BlockTo,
      prevStateRoot: previous.stateRoot,
      prevInboxAcc: previous.inboxAcc,
      messages,
      data: encodeBatch({ coinbase: `0x${"c0".repeat(20)}`, baseFee: 1n, blocks }),
    };
  }

  async function hashAt(trace: Trace, step: number): Promise<string> {
    return toHex(await trace.stateHashAt(step));
  }

  /** The first step at which two runs are in different states. */
  async function firstDifference(truth: Trace, lie: Trace): Promise<number> {
    let [same, different] = [0, Math.max(truth.length, lie.length)];
    while (different - same > 1) {
      const middle = Math.floor((same + different) / 2);
      if ((await hashAt(truth, middle)) === (await hashAt(lie, middle))) same = middle;
      else different = middle;
    }
    return different;
  }

  for (const fault of Object.keys(FAULTS) as Fault[]) {
    it(`${fault}: ${FAULTS[fault]}, and one instruction shows it`, async () => {
      const forgery = forge(fault, second, reader, execute);
      const truth = await traceLedger(program, forgery.input, reader);
      expect(await hashAt(truth, 2 ** 40)).to.equal(endHash(outputHash(execute(forgery.input, reader))));

      const lie = lyingTrace(
        forgery,
        await traceLedger(program, forgery.input, reader, { oracle: lyingOracle(forgery) }),
      );
      expect(await hashAt(lie, 2 ** 40)).to.equal(endHash(outputHash(forgery.output)));
      expect(await hashAt(lie, 2 ** 40)).to.not.equal(await hashAt(truth, 2 ** 40));

      const step = await firstDifference(truth, lie);
      const [before, after, forged] = [
        await hashAt(truth, step - 1),
        await hashAt(truth, step),
        await hashAt(lie, step),
      ];
      expect(await hashAt(lie, step - 1)).to.equal(before);
      const next = checkWitness(program.codeRoot, fromHex(before), await truth.witnessAt(step - 1));
      expect(toHex(next)).to.equal(after).and.not.equal(forged);
    });
  }

  it("says what a lie needs where a batch gives no occasion for it", () => {
    expect(() => forge("data", first, reader, execute)).to.throw(FaultError, "something that the lie changes");
    expect(() => forge("drop", { ...second, messages: [] }, reader, execute)).to.throw();
  });
});

function deposit(index: bigint, target: Hex): InboxMessage {
  const [token, sender] = [ZERO_ADDRESS, target];
  return { kind: 0, index, timestamp: 900n, sender, target, token, amount: ETHER, data: "0x" };
}

/** Hash of the machine that halted with this output. */
function endHash(output: Hex): Hex {
  return toHex(hashState(haltedState(fromHex(output, 32))));
}
