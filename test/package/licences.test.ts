import { readFile } from "node:fs/promises";

import { expect } from "chai";

interface LockedPackage {
  license?: string;
  dev?: boolean;
  devOptional?: boolean;
  peer?: boolean;
}

const PERMISSIVE = /^\(?(MIT|Apache-2\.0|ISC|BSD-[23]-Clause|0BSD|CC0-1\.0| OR )+\)?$/;

describe("licences", () => {
  let locked: [path: string, entry: LockedPackage][];

  before(async () => {
    const { packages } = JSON.parse(await readFile("package-lock.json", "utf8")) as {
      packages: Record<string, LockedPackage>;
    };
    locked = Object.entries(packages).filter(([path]) => path !== "");
  });

  it("of all that comes with the package are permissive", () => {
    const withPackage = locked.filter(([, { dev, devOptional, peer }]) => !dev && !devOptional && !peer);
    expect(withPackage.length).to.be.greaterThan(20);
    const others = withPackage.filter(([, { license = "none" }]) => !PERMISSIVE.test(license));
    expect(others).to.deep.equal([]);
  });

  it("that are the GPL are named in docs/licences.md", async () => {
    const page = await readFile("docs/licences.md", "utf8");
    const direct = locked.filter(
      ([path, { license }]) => /^node_modules\/[^@/]+$/.test(path) && license?.includes("GPL"),
    );
    expect(direct.map(([path]) => path)).to.include("node_modules/snarkjs");
    const unnamed = direct.map(([path]) => path.slice("node_modules/".length)).filter((name) => !page.includes(name));
    expect(unnamed).to.deep.equal([]);
  });
});
