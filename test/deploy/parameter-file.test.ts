import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

import { readParameterFile } from "../../deploy/parameters.js";

describe("parameter file", () => {
  let folder: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "rollup-parameters-"));
  });

  after(() => rm(folder, { recursive: true }));

  async function read(text: string): Promise<unknown> {
    const path = join(folder, "rollup.json");
    await writeFile(path, text);
    return readParameterFile(path).catch((error: unknown) => (error as Error).message.replace(path, "rollup.json"));
  }

  it("may begin as some editors write it", async () => {
    expect(await read('\uFEFF{"l2ChainId": 42170001}')).to.deep.equal({ parameters: { l2ChainId: 42_170_001 } });
  });

  it("names nothing twice: JSON would take the last, a reader the first", async () => {
    expect(await read('{"challengeWindow": "7d", "guardian": "a\\":", "challenge\\u0057indow" : "1h"}')).to.equal(
      'parameter file rollup.json names "challengeWindow" twice; once is right',
    );
    expect(await read('{"proof": "fraud", "da": "proof"}')).to.equal(
      'da: is "proof"; this version knows "calldata", "blob", "committee"',
    );
  });

  it("is no longer than parameters are", async () => {
    expect(await read(`{"x": "${"x".repeat(100_000)}"}`)).to.equal(
      "parameter file rollup.json is longer than 100000 characters",
    );
  });

  it("names what it does not know without what terminals obey", async () => {
    expect(await read('{"\\u001b[2Jguardian": 1}')).to.equal(
      "\\u001b[2Jguardian: no such parameter; did you mean guardian?",
    );
  });
});
