import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { expect } from "chai";
import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";

import { decodeDaInput } from "../../plugin/da/input.js";
import { daInputOf } from "../../plugin/l1/batch-data.js";
import { fromHex } from "../../plugin/ledger/bytes.js";
import { startL1, type RemoteL1 } from "./support/l1.js";
import { runTask, succeed } from "./support/run.js";
import { makeProject, type Service, startService } from "./support/service.js";

describe("dac:key, and dac:node in a committee by BLS", function () {
  this.timeout(120_000);
  let l1: RemoteL1;
  let hre: HardhatRuntimeEnvironment;
  let services: Service[] = [];
  const file = (name: string): string => join(l1.folder, `${name}.key`);
  const keyOf = async (name: string, more: Record<string, string> = {}) =>
    succeed(await runTask(hre, "dac:key", { key: file(name), ...more })).value as Record<string, string>;

  before(async () => {
    l1 = await startL1();
    hre = await l1.connect();
    await makeProject(l1.folder, l1.url);
  });
  after(async () => {
    await Promise.all(services.map((service) => service.kill()));
    await l1.close();
  });

  it("makes a key that only its owner reads, once, and proves it once", async () => {
    const made = await keyOf("first");
    expect(made).to.deep.include({ isNew: true, file: file("first") });
    expect((await stat(file("first"))).mode & 0o777).to.equal(0o600);
    const text = await readFile(file("first"), "utf8");
    const found = await keyOf("first", { keys: made.keys ?? "" });
    expect(found).to.deep.equal({ ...made, isNew: false });
    expect(await readFile(file("first"), "utf8")).to.equal(text);
  });

  it("takes no other contract for BlsKeys, and no other file for a key", async () => {
    const connection = await hre.network.getOrCreate();
    const [account] = await connection.ethers.getSigners();
    const address = account?.address ?? "";
    const wrong = await runTask(hre, "dac:key", { key: file("never"), keys: address });
    expect(wrong.errors).to.deep.equal([
      `--keys ${address} is no BlsKeys of this version; without --keys a new one is created`,
    ]);
    await writeFile(file("broken"), "0x12\n");
    const broken = await runTask(hre, "dac:key", { key: file("broken") });
    expect(broken.errors).to.deep.equal([
      `--key ${file("broken")} holds no key; one line with 0x and 64 hex digits is right`,
    ]);
  });

  it("signs by the key what a sequencer posts, one of three members down", async () => {
    const first = await keyOf("first");
    const keys = first.keys ?? "";
    const all = [first, await keyOf("second", { keys }), await keyOf("third", { keys })];
    const book = join(l1.folder, "remote", "rollup.json");
    const committeeMembers = all.map(({ member }) => member ?? "");
    const deploy = { da: "committee", committeeKeys: keys, committeeMembers: committeeMembers.join() };
    succeed(await runTask(hre, "rollup:deploy", deploy));
    services = await Promise.all(
      ["first", "third"].map((name) =>
        startService(l1.folder, [
          ...["dac:node", "--network", "remote", "--key", file(name), "--port", "0", "--deployment", book],
          ...["--storage", join(l1.folder, `member-${name}`)],
        ]),
      ),
    );
    for (const [i, position] of [0, 2].entries())
      expect(services[i]?.document).to.deep.include({ address: committeeMembers[position], isMember: true });
    const urls = [services[0]?.document.url, "http://127.0.0.1:9", services[1]?.document.url];
    const named = committeeMembers.map((member, i) => `${member}=${String(urls[i])}`).join();
    succeed(await runTask(hre, "rollup:deploy", { committeeMembers: named }));

    const connection = await hre.network.getOrCreate();
    const chain = await connection.rollup.attach();
    try {
      const [, user] = await connection.ethers.getSigners();
      if (user === undefined) throw new Error("the network has no accounts");
      await chain.deposit(user, { amount: 10n ** 18n });
      await chain.l2.wallet(user).sendTransaction({ to: `0x${"b0".repeat(20)}`, value: 5n });
      const posted = await chain.sequencer.post();
      const found = await connection.ethers.provider.getTransaction(posted?.transaction ?? "");
      const place = decodeDaInput(daInputOf(fromHex(found?.data ?? "0x")) ?? new Uint8Array());
      if (place?.form !== "committee") throw new Error(`the batch went in ${place?.form}`);
      expect(place.certificate.signatures).to.have.length(2 + 2 * 128);
    } finally {
      await chain.close();
    }
  });

  it("says in one line that a file of a key is not there", async () => {
    const run = await runTask(hre, "dac:node", { key: file("nowhere"), port: 0 });
    expect(run.errors).to.deep.equal([
      `--key ${file("nowhere")} is not there; npx hardhat dac:key --key ${file("nowhere")} makes it`,
    ]);
  });
});
