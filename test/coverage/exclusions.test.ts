import { expect } from "chai";

import { findBranches } from "../../plugin-coverage/internal/branches.js";
import {
  countBranches,
  countLines,
  createReport,
  exclude,
  type Exclusion,
  ExclusionError,
} from "../../plugin-coverage/internal/report.js";

const SOURCE = `contract C {
  function f(uint a) public {
    if (a > 1) revert();
    a = a == 1 ? 2 : 3;
    a++;
  }
}`;
const EXCLUSION: Exclusion = { path: "C.sol", line: "if (a > 1) revert();", ways: ["then"], reason: "never" };

/** Of a run with `a` below 1: line 3 is not whole, and nothing is above 0. */
function reportOf(source = SOURCE) {
  const branches = findBranches(source, "C.sol");
  const tags = branches.points.map(({ outcomes }) => outcomes[1]?.tag ?? "");
  const lines = new Map([
    [3, 0],
    [4, 1],
    [5, 1],
  ]);
  return createReport(new Map([["C.sol", lines]]), new Map([["C.sol", branches]]), new Set(tags));
}

const excluding = (changes: Partial<Exclusion>, source = SOURCE) =>
  exclude(reportOf(source), [{ ...EXCLUSION, ...changes }], new Map([["C.sol", source]]));

describe("exclusions from coverage", () => {
  it("take out the line and the ways that they name, and nothing else", () => {
    expect([countLines(reportOf()), countBranches(reportOf())]).to.deep.equal([
      { hit: 2, total: 3 },
      { hit: 2, total: 4 },
    ]);
    const { report, lineOf } = excluding({});
    expect([countLines(report), countBranches(report)]).to.deep.equal([
      { hit: 2, total: 2 },
      { hit: 2, total: 3 },
    ]);
    expect([...lineOf.values()]).to.deep.equal([3]);
  });

  const wrong: [problem: string, changes: Partial<Exclusion>, source?: string][] = [
    ["is not there", { line: "if (a > 2) revert();" }],
    ["is not there", { path: "D.sol" }],
    ["stands there more than once", {}, SOURCE.replace("a++;", "\nif (a > 1) revert();")],
    ['no branch of it that was not seen is "else"', { ways: ["then", "else"] }],
    ['no branch of it that was not seen is "false"', { line: "a = a == 1 ? 2 : 3;", ways: ["false"] }],
    ["it ran", { line: "a++;", ways: [] }],
  ];
  for (const [problem, changes, source] of wrong)
    it(`are refused when one ${problem}: ${JSON.stringify(changes)}`, () => {
      expect(() => excluding(changes, source)).to.throw(ExclusionError, `is excluded, but ${problem}`);
    });
});
