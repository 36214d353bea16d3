import { expect } from "chai";
import { Interface } from "ethers";

import { explain } from "../../tasks/support/explain.js";

describe("what went wrong, in a line", () => {
  it("has nothing that a terminal obeys, whatever a token gives as its reason", () => {
    const data = new Interface(["error Error(string)"]).encodeErrorResult("Error", [
      "\u001b[2J\u001b]0;owned\u0007no\nfunds",
    ]);
    const error = Object.assign(new Error("execution reverted"), { code: "CALL_EXCEPTION", data });
    const [line = "", ...more] = explain(error);
    expect(more).to.deep.equal([]);
    expect(line).to.include("no funds");
    expect(line).not.to.match(/\p{Cc}/u);
  });
});
