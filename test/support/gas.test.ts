import { expect } from "chai";

import { expectAtMost, gasChanges } from "./gas.js";

describe("gas snapshot", () => {
  it("calls a change of at most half a percent noise", () => {
    expect(gasChanges({ post: 100_000 }, { post: 100_500 })).to.deep.equal([]);
    expect(gasChanges({ post: 100_000 }, { post: 99_500 })).to.deep.equal([]);
  });

  it("lists every larger change, old and new, cheaper ones too", () => {
    expect(gasChanges({ post: 100_000, claim: 1_000 }, { post: 100_501, claim: 900 })).to.deep.equal([
      "post: 100000 → 100501 (+0.50 %)",
      "claim: 1000 → 900 (-10.00 %)",
    ]);
  });

  it("lists figures that are new and figures that are gone", () => {
    expect(gasChanges({ gone: 1 }, { fresh: 2 })).to.deep.equal(["gone: 1 → not measured", "fresh: not recorded → 2"]);
  });

  it("fails above a ceiling", () => {
    expectAtMost("post", 100_000, 100_000);
    expect(() => expectAtMost("post", 100_001, 100_000)).to.throw("post: 100001 gas is above the ceiling of 100000");
  });
});
