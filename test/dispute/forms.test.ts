import { expect } from "chai";
import { network } from "hardhat";

import { versionedHashOf } from "../../plugin/da/blob.js";
import { type DataPlace, decodeDaInput } from "../../plugin/da/input.js";
import { daInputOf } from "../../plugin/l1/batch-data.js";
import { blobHashesOf } from "../../plugin/l1/rpc.js";
import { fromHex, toHex } from "../../plugin/ledger/bytes.js";
import { dataHash } from "../../plugin/ledger/hashes.js";
import { decodeInstruction, Host, Op } from "../../plugin/machine/isa.js";
import type { PostResult } from "../../plugin/sequencer/options.js";
import type { Hex } from "../../plugin/types.js";
import type { Fault } from "../../plugin/validator/faults.js";
import { anvilPath, startAnvil } from "../l1/support/anvil.js";
import { type DaForm, openScene, type Scene } from "./support/scene.js";

const PLACES: Record<DaForm, DataPlace["form"]> = { calldata: "calldata", blob: "blobs", committee: "committee" };
/** Of a witness: the four words of the state, then the instruction; docs/machine.md §6. */
const INSTRUCTION = 128;
const WORD = 32;
const COMMITMENT = 48;
/** The version of batch data, spoilt by `data`. */
const BAD_VERSION = 1 ^ 0xff;

describe("a false batch in each form of data availability", function () {
  this.timeout(300_000);

  for (const da of Object.keys(PLACES) as DaForm[]) {
    it(`${da}: a lie about the data ends at the instruction that reads them`, async () => {
      const scene = await openScene(undefined, da);
      await endsAtItsData(scene, da);
      await scene.connection.close();
    });

    // In calldata: faults.test.ts has every fault there is.
    if (da !== "calldata")
      it(`${da}: a transaction that nobody signed is slashed`, async () => {
        const scene = await openScene(undefined, da);
        await slashed(scene, da, "signature");
        await scene.connection.close();
      });

    it(`${da}, on anvil: a lie about the data ends at the instruction that reads them`, async function () {
      const path = anvilPath();
      // An optional dependency: npm has anvil for some platforms only.
      if (path === undefined) return this.skip();
      const anvil = await startAnvil(path);
      try {
        const connection = await network.create({ network: "anvil", override: { url: anvil.url } });
        await endsAtItsData(await openScene(connection, da), da);
        await connection.close();
      } finally {
        anvil.provider.destroy();
        await anvil.stop();
      }
    });
  }
});

/** The liar is slashed, and the same users' batch goes to L1 in the same form. */
async function slashed(scene: Scene, da: DaForm, fault: Fault): Promise<PostResult> {
  const { chain, liar, honest, balances } = scene;
  const before = await balances();
  const lie = await chain.sequencer.post({ fault, by: liar });
  expect(await placeOf(scene, lie.transaction)).to.equal(PLACES[da]);
  const { games } = await chain.dispute();
  expect(games).to.deep.equal([{ index: 2n, winner: honest.address }]);
  expect(await chain.contracts.registry.bondOf(liar)).to.equal(0n);
  expect(await balances()).to.deep.equal(before);
  const again = await chain.sequencer.post();
  expect(await placeOf(scene, again?.transaction ?? "0x")).to.equal(PLACES[da]);
  expect(await chain.validator.run({ watch: false })).to.include({ agreed: 2n, batches: 2n });
  return lie;
}

async function endsAtItsData(scene: Scene, da: DaForm): Promise<void> {
  const lie = await slashed(scene, da, "data");
  const witnesses = await witnessesOf(scene);
  expect(witnesses).to.have.length(1);
  const [witness = new Uint8Array()] = witnesses;
  const { op, fn } = decodeInstruction(witness.subarray(INSTRUCTION, INSTRUCTION + WORD));
  expect([op, fn]).to.deep.equal([Op.HOST, da === "blob" ? Host.blob : Host.preimage]);
  if (da === "blob") {
    const [versionedHash] = await blobHashesOf(scene.connection.ethers.provider, lie.transaction);
    const element = elementBefore(witness, versionedHash);
    expect(element?.[1]).to.equal(BAD_VERSION);
  } else expect(preimageIn(witness, lie.bytes, lie.header.dataHash)?.[0]).to.equal(BAD_VERSION);
}

/** Where the transaction says that the data stand. */
async function placeOf({ connection }: Scene, transaction: string): Promise<DataPlace["form"] | undefined> {
  const found = await connection.ethers.provider.getTransaction(transaction);
  const input = daInputOf(fromHex(found?.data ?? "0x"));
  return input && decodeDaInput(input)?.form;
}

/** Of all one-step proofs that L1 took. */
async function witnessesOf({ chain }: Scene): Promise<Uint8Array[]> {
  const { game } = chain.contracts;
  const events = await game.queryFilter(game.filters.ClaimStepped());
  const calls = await Promise.all(events.map(async (event) => (await event.getTransaction()).data));
  return calls.map((data) => fromHex(game.interface.decodeFunctionData("step", data)[3] as Hex));
}

/** The field element in front of the commitment to this blob. */
function elementBefore(witness: Uint8Array, versionedHash: string | undefined): Uint8Array | undefined {
  for (let at = WORD; at + COMMITMENT <= witness.length; at++) {
    if (toHex(versionedHashOf(witness.subarray(at, at + COMMITMENT))) === versionedHash) {
      return witness.subarray(at - WORD, at);
    }
  }
  return undefined;
}

/** The `length` bytes that are the batch's data. */
function preimageIn(witness: Uint8Array, length: number, hash: Hex): Uint8Array | undefined {
  for (let at = 0; at + length <= witness.length; at++) {
    const bytes = witness.subarray(at, at + length);
    if (dataHash(bytes) === hash) return bytes;
  }
  return undefined;
}
