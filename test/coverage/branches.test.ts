import { expect } from "chai";

import { BranchMismatchError, findBranches, instrumentBranches } from "../../plugin-coverage/internal/branches.js";

/** `kind text` of each point that a body has. */
function pointsOf(body: string): string[] {
  return findBranches(wrap(body), "C.sol").points.map(({ kind, text }) => `${kind} ${text}`);
}

const wrap = (body: string) => `contract C {\nfunction f(uint a, bool b, bool c) public {\n${body}\n}\n}`;

/** An instrumented body, with letters for tags: a way's letter is that of its point. */
function instrumented(body: string): string {
  const source = wrap(body);
  const { points } = findBranches(source, "C.sol");
  let result = instrumentBranches(source, "C.sol", points);
  for (const [index, { outcomes }] of points.entries())
    for (const { tag } of outcomes) result = result.replace(`0x${tag}`, String.fromCharCode(65 + index));
  return result
    .slice(wrap("").indexOf("{\n\n") + 2, result.lastIndexOf("\n}\n}"))
    .replaceAll("__BranchCoverage.condition", "C")
    .replaceAll("__BranchCoverage.clause", "W");
}

describe("branch points of a source", () => {
  it("are its decisions and the operands of && and ||, outer ones first", () => {
    expect(pointsOf("if (a > 1 && (b || !c)) a++; else if (b) a--;")).to.deep.equal([
      "if a > 1 && (b || !c)",
      "operand a > 1",
      "operand b",
      "operand !c",
      "if b",
    ]);
    expect(pointsOf('require(b ? c : a == 2, "no"); assert(b); c = b && c;')).to.deep.equal([
      "require b ? c : a == 2",
      "ternary b",
      "assert b",
      "operand b",
      "operand c",
    ]);
  });

  it("are neither loops, nor what is constant, nor functions that happen to be called so", () => {
    expect(pointsOf("while (a < 3) a++; do { a--; } while (a > 1); this.require(b);")).to.deep.equal([]);
    expect(findBranches("bool constant X = true || false;", "C.sol").points).to.deep.equal([]);
    expect(findBranches("contract C { bool constant X = true || false; }", "C.sol").points).to.deep.equal([]);
  });

  it("count once where a state variable is initialized", () => {
    expect(findBranches("contract C { uint x = block.chainid == 1 ? 2 : 3; }", "C.sol").points.length).to.equal(1);
  });

  it("have the ways of a try, and say where assembly has ways that are not seen", () => {
    const { points, unseen } = findBranches(
      wrap("try this.f(a, b, c) {} catch Panic(uint) {} catch {}\nassembly { if a {}\nfor {} a {} {} }"),
      "C.sol",
    );
    expect(points[0]?.outcomes.map(({ name }) => name)).to.deep.equal(["success", "catch Panic", "catch"]);
    expect(unseen).to.deep.equal([4, 5]);
  });

  it("have tags of their own: by file, by place and by way", () => {
    const source = wrap("if (b) a++; if (b) a++;");
    const tags = ["C.sol", "D.sol"].flatMap((path) =>
      findBranches(source, path).points.flatMap(({ outcomes }) => outcomes.map(({ tag }) => tag)),
    );
    expect(new Set(tags).size).to.equal(8);
  });

  it("say where they are in the source", () => {
    expect(findBranches(wrap("if (\n  b) a++;"), "C.sol").points[0]).to.deep.include({
      start: { line: 4, column: 2 },
      end: { line: 4, column: 3 },
    });
  });
});

describe("instrumented branches", () => {
  it("leave every expression its place", () => {
    expect(instrumented("if (b && (c || a == 1)) a++;")).to.equal(
      "if (C(C(b, B) && (C(c, C) || C(a == 1, D)), A)) a++;",
    );
    expect(instrumented("a = (b ? c : b) ? 1 : 2;")).to.equal("a = C((C(b, B) ? c : b), A) ? 1 : 2;");
    expect(instrumented("try this.f() { a++; } catch {}")).to.equal("try this.f() { W(A);  a++; } catch { W(A); }");
  });

  it("leave a source without branches as it is", () => {
    expect(instrumentBranches(wrap("a++;"), "C.sol", [])).to.equal(wrap("a++;"));
  });

  it("are refused when the code has other branches than its source", () => {
    const { points } = findBranches(wrap("if (b) a++;"), "C.sol");
    expect(() => instrumentBranches(wrap("if (b || c) a++;"), "C.sol", points)).to.throw(
      BranchMismatchError,
      "C.sol: 1 branch points in the source, 3 after Hardhat's instrumentation",
    );
  });
});
