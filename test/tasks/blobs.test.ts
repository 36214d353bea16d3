import { expect } from "chai";

import type { NativeKzg } from "../../plugin/da/kzg-native.js";
import type { L1Client } from "../../plugin/l1/client.js";
import type { DataAvailability } from "../../plugin/types.js";
import { blobWarning } from "../../tasks/support/blobs.js";

describe("A sequencer on blobs", () => {
  const without = () => Promise.resolve("c-kzg is not installed");
  const l1 = (da: DataAvailability, l1ChainId: bigint) =>
    ({ parameters: { da }, deployment: { l1ChainId } }) as unknown as L1Client;

  it("is told at its start that a real network wants c-kzg", async () => {
    expect(await blobWarning(l1("blob", 1n), without)).to.equal(
      "Blobs are refused by networks since Osaka unless their cells are proven (EIP-7594), which only c-kzg does: npm install c-kzg (c-kzg is not installed)",
    );
  });

  it("is told nothing where c-kzg is, on a local chain, and where no blobs go", async () => {
    const there = () => Promise.resolve({} as NativeKzg);
    expect(await blobWarning(l1("blob", 1n), there)).to.equal(undefined);
    expect(await blobWarning(l1("blob", 31_337n), without)).to.equal(undefined);
    expect(await blobWarning(l1("calldata", 1n), without)).to.equal(undefined);
    expect(await blobWarning(l1("committee", 1n), without)).to.equal(undefined);
  });
});
