import { expect } from "chai";

import { readGuestProgram } from "../../plugin/machine/artifacts.js";
import { canonicalWasm } from "../../plugin/machine/instrument.js";
import { compileGuest, RECEIPT_LENGTH, type Guest } from "../../plugin/machine/native.js";
import { createRandom } from "../ledger/random.js";
import { emptyState, prepare, run, TIMESTAMP, type Message, type State } from "./support/chain.js";
import { compileProgram } from "./support/compile.js";
import { actor, ADDRESS, call, writeBatch, writeTransaction } from "./support/wire.js";

const actors = [1, 2, 3, 4].map(actor);
const TOKEN = ADDRESS(0x70);
const BRIDGE = "0x4c32000000000000000000000000000000000001";
const FEE = { priority: 1n, max: 9n, gasLimit: 100_000n };

describe("the ledger guest within its memory", () => {
  let guest: Guest;
  let forgetful: Guest;

  before(async function () {
    this.timeout(120_000);
    guest = compileGuest(readGuestProgram("ledger"));
    const edits = { "guests/sdk/tree.ts": [["= 64 << 20;", "= 0;"]] as const };
    forgetful = compileGuest(canonicalWasm(await compileProgram({ entry: "guests/ledger/index.ts", edits })));
  });

  /** A busy batch: messages of every kind, transfers, tokens, withdrawals. */
  function busy(seed: number): { state: State; messages: Message[]; data: Uint8Array } {
    const random = createRandom(seed);
    const state: State = {
      ...emptyState(),
      accounts: Object.fromEntries(actors.map(({ address }) => [address, { nonce: 0n, balance: 10n ** 18n }])),
      tokens: Object.fromEntries(actors.map(({ address }) => [`${address}/${TOKEN}`, 50n])),
    };
    const messages = Array.from({ length: 12 }, (): Message => {
      const { address } = random.pick(actors);
      const token = random.chance(0.5) ? TOKEN : `0x${"00".repeat(20)}`;
      return {
        kind: random.pick([0, 2]),
        sender: address,
        target: ADDRESS(random.int(9) + 1),
        token,
        amount: random.bits(20) + 1n,
      };
    });
    const nonces = actors.map(() => 0n);
    const transactions = Array.from({ length: 30 }, () => {
      const i = random.int(actors.length);
      const other = random.pick(actors).address;
      const fields = random.pick([
        { to: ADDRESS(random.int(50) + 1), value: 5n },
        { to: TOKEN, data: call("transfer", other, BigInt(random.int(60))) },
        { to: TOKEN, data: call("approve", other, BigInt(random.int(9))) },
        { to: TOKEN, data: call("transferFrom", other, ADDRESS(random.int(9) + 1), BigInt(random.int(9))) },
        { to: BRIDGE, data: call("withdraw", TOKEN, other, BigInt(random.int(9))) },
      ]);
      const nonce = nonces[i]!++;
      const signed = actors[i]!.sign({ ...fields, ...FEE, nonce });
      const { to, value = 0n, data } = { value: undefined, data: undefined, ...fields };
      return writeTransaction({
        kind: data === undefined ? 0 : 2,
        nonce,
        to,
        amount: [0, value],
        signed,
        ...(data === undefined ? {} : { data }),
      });
    });
    const blocks = [
      { timestamp: TIMESTAMP, messages: 5, transactions: transactions.slice(0, 11) },
      { timestamp: TIMESTAMP, messages: 7, transactions: transactions.slice(11) },
    ];
    return { state, messages, data: writeBatch({ baseFee: 2n, fees: [FEE], blocks }) };
  }

  it("ends alike when it is run again, and when it lets go of the state before each message and transaction", () => {
    const seen = new Set<string>();
    for (let seed = 1; seed <= 6; seed++) {
      const batch = busy(seed);
      const result = run(guest, batch);
      expect(result.receipts).to.have.length(42);
      expect(run(guest, batch)).to.deep.equal(result);
      expect(run(forgetful, batch), `seed ${seed}`).to.deep.equal(result);
      for (const { status } of result.receipts) seen.add(status);
    }
    expect([...seen].sort()).to.deep.equal(["failed", "succeeded"]);
  });

  it("applies very many messages in bounded memory", function () {
    this.timeout(60_000);
    const count = 8_000;
    const messages = Array.from({ length: count }, (_, i): Message => ({
      kind: 0,
      target: ADDRESS(i + 1),
      amount: 1n,
    }));
    const { input, preimages } = prepare({ state: emptyState(), messages, data: new Uint8Array(0) });
    const [kept, forgotten] = [guest, forgetful].map((program) =>
      program.run({ input, preimage: (hash) => preimages.get(hash) }),
    );
    expect(forgotten!.output).to.deep.equal(kept!.output);
    expect(forgotten!.receipts.length).to.equal(count * RECEIPT_LENGTH);
    // All of it fits in the 4 MiB that it starts with.
    expect(forgotten!.memorySize).to.equal(4 << 20);
    expect(kept!.memorySize).to.be.at.least(6 << 20);
  });
});
