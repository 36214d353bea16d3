import { expect } from "chai";
import type { NetworkConnection } from "hardhat/types/network";

import { createScript } from "../../tasks/rehearse/script.js";
import { type Actor, lackOf } from "../../tasks/rehearse/stage.js";
import { ZERO_ADDRESS } from "../../plugin/types.js";
import { environment } from "./support/run.js";

const SILENT = {
  heading: () => undefined,
  line: () => undefined,
  progress: <T>(_: string, work: () => Promise<T>) => work(),
};

describe("The script of a rehearsal", () => {
  let connection: NetworkConnection;
  before(async () => {
    connection = await (await environment("/nowhere")).network.getOrCreate();
  });

  const open = (signal = new AbortController().signal) => createScript(connection, SILENT, signal);

  it("goes on after a step that failed, and leaves out what stands on it", async () => {
    const script = open();
    const first = await script.step("a", "A", true, () => Promise.reject(new Error("no")));
    const second = await script.step("b", "B", first !== undefined, () => Promise.resolve(2));
    const third = await script.step("c", "C", true, () => Promise.resolve(3));
    expect([first, second, third]).to.deep.equal([undefined, undefined, 3]);
    expect(script.steps.map(({ outcome }) => outcome)).to.deep.equal(["failed", "skipped", "as expected"]);
    expect(script.findings.map(({ step, severity, error }) => [step, severity, error])).to.deep.equal([
      ["a", "essential", "no"],
      ["b", "note", undefined],
    ]);
  });

  it("makes a difference a failure, unless it is said to be a note", async () => {
    const script = open();
    const wrong = { what: "a balance", actual: 1n, expected: 2n, meaning: "money is missing" };
    await script.step("a", "A", true, (log) => Promise.resolve(log.compare(wrong)));
    await script.step("b", "B", true, (log) => Promise.resolve(log.compare({ ...wrong, severity: "note" })));
    await script.step("c", "C", true, (log) => Promise.resolve(log.compare({ ...wrong, actual: 2n })));
    expect(script.steps.map(({ outcome }) => outcome)).to.deep.equal(["failed", "otherwise", "as expected"]);
    expect(script.steps.map(({ checks }) => checks.map(({ ok }) => ok))).to.deep.equal([[false], [false], [true]]);
    expect(script.findings[0]).to.include({ actual: "1", expected: "2", severity: "essential", step: "a" });
  });

  it("ends when it is interrupted, within a step and before the next", async () => {
    const controller = new AbortController();
    const script = open(controller.signal);
    const step = script.step("a", "A", true, () => {
      controller.abort(new Error("stop"));
      return Promise.reject(new Error("under way"));
    });
    for (const each of [() => step, () => script.step("b", "B", true, () => Promise.resolve(1))]) {
      let thrown: unknown;
      await each().catch((error: unknown) => (thrown = error));
      expect(thrown).to.be.instanceOf(Error).with.property("message", "stop");
    }
    expect(script.steps).to.deep.equal([]);
  });

  it("forgives no ETH, of a token its rounding, and all of one that is odd", () => {
    const token: Actor = {
      ...{ address: `0x${"11".repeat(20)}`, symbol: "T", decimals: 18, holder: undefined, traits: [] },
      ...{ withdrawals: [], isDeposited: true, takesFee: false, isOdd: false },
    };
    expect(lackOf({ ...token, address: ZERO_ADDRESS }, 1n)).to.equal("essential");
    expect([lackOf(token, 10n), lackOf(token, 11n)]).to.deep.equal(["note", "essential"]);
    expect(lackOf({ ...token, isOdd: true }, 10n ** 18n)).to.equal("note");
    expect(lackOf({ ...token, takesFee: true }, 10n ** 18n)).to.equal("note");
  });
});
