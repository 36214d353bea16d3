import { expect } from "chai";

import { humanLine, jsonLine } from "../../plugin/sequencer/log.js";

const TIME = new Date("2026-01-02T03:04:05.678Z");

describe("log", () => {
  const event = {
    level: "warn" as const,
    event: "batch posted",
    index: 7n,
    blocks: 2,
    reason: new Error('it says "no"'),
    nothing: undefined,
  };

  it("is one line for people", () => {
    expect(humanLine(event, TIME)).to.equal('03:04:05 warn: batch posted index=7 blocks=2 reason="it says \\"no\\""');
    expect(humanLine({ level: "info", event: "started" }, TIME)).to.equal("03:04:05 started");
  });

  it("is one JSON object for machines", () => {
    expect(JSON.parse(jsonLine(event, TIME))).to.deep.equal({
      time: "2026-01-02T03:04:05.678Z",
      level: "warn",
      event: "batch posted",
      index: "7",
      blocks: 2,
      reason: 'it says "no"',
    });
  });
});
