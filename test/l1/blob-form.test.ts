import { expect } from "chai";
import { decodeRlp, hexlify, Transaction } from "ethers";

import { memoryArchive } from "../../plugin/da/archive.js";
import { BLOB_CAPACITY } from "../../plugin/da/blob.js";
import { loadNativeKzg, type NativeKzg } from "../../plugin/da/kzg-native.js";
import { emptyBlob, makeSidecar } from "../../plugin/da/sidecar.js";
import { L1UnavailableError } from "../../plugin/l1/ask.js";
import { blobFormSender, CellProofsMissingError, type SendRaw, withCellProofs } from "../../plugin/l1/blob-form.js";
import { connectL1 } from "../../plugin/l1/client.js";
import { createBatchPoster } from "../../plugin/l1/poster.js";
import { createSender } from "../../plugin/l1/sender.js";
import { toHex } from "../../plugin/ledger/bytes.js";
import { type Hex, ZERO_HASH } from "../../plugin/types.js";
import { createRandom } from "../ledger/random.js";
import { failure } from "./support/failure.js";
import { deployTo, describeOnAnvil, walletOf } from "./support/l1.js";

const PROOF = new Uint8Array(48).fill(7);
const STUB = { proveCells: () => new Array<Uint8Array>(128).fill(PROOF) } as unknown as NativeKzg;
const OLD_FORM = new Error("unexpected sidecar version: have 0, want 1");
const NEW_FORM = new Error("unexpected string");

/** How many parts the network form of a transaction has: 4 with proofs of blobs, 5 with those of cells. */
const partsOf = (raw: string): number => (decodeRlp(`0x${raw.slice(4)}`) as unknown[]).length;

describe("A transaction with blobs", () => {
  let raw: Hex;
  before(async () => {
    const { bytes, commitment, proof } = emptyBlob();
    const blob = { data: hexlify(bytes), commitment: hexlify(commitment), proof: hexlify(proof) };
    const common = { type: 3, chainId: 1, to: walletOf(1).address, gasLimit: 21_000, maxFeePerGas: 1, nonce: 0 };
    const fields = { ...common, maxPriorityFeePerGas: 0, maxFeePerBlobGas: 1, blobs: [blob] };
    raw = (await walletOf(0).signTransaction(fields)) as Hex;
  });

  /** A node that answers with errors, or takes what it is given; what it was given. */
  function node(answer: (parts: number) => Error | undefined, native: NativeKzg | string) {
    const given: number[] = [];
    const send: SendRaw = (content) => {
      const parts = content.startsWith("0x03") ? partsOf(content) : 0;
      given.push(parts);
      const error = answer(parts);
      return error === undefined ? Promise.resolve("taken") : Promise.reject(error);
    };
    const isOfContent = (error: unknown) => String(error).includes("nonce too low");
    return { given, send: blobFormSender(send, isOfContent, () => Promise.resolve(native)) };
  }

  it("is the same transaction with proofs of its cells", () => {
    const other = Transaction.from(withCellProofs(raw, STUB));
    const before = Transaction.from(raw);
    expect(other.hash).to.equal(before.hash);
    expect(other.from).to.equal(walletOf(0).address);
    expect(other.blobWrapperVersion).to.equal(1);
    expect(other.blobs?.map(({ data, commitment }) => ({ data, commitment }))).to.deep.equal(
      before.blobs?.map(({ data, commitment }) => ({ data, commitment })),
    );
    expect(other.blobs?.[0]?.proof).to.equal(`0x${"07".repeat(128 * 48)}`);
  });

  it("goes with cell proofs where they can be made, and stays with them", async () => {
    const { given, send } = node((parts) => (parts === 5 ? undefined : OLD_FORM), STUB);
    expect(await send(raw)).to.equal("taken");
    await send(raw);
    expect(given).to.deep.equal([5, 5]);
  });

  it("goes with proofs of its blobs to a node that knows no other, which is asked once", async () => {
    const { given, send } = node((parts) => (parts === 4 ? undefined : NEW_FORM), STUB);
    await send(raw);
    await send(raw);
    expect(given).to.deep.equal([5, 4, 4]);
  });

  it("goes with proofs of its blobs where no others can be made", async () => {
    const { given, send } = node(() => undefined, "c-kzg is not installed");
    await send(raw);
    expect(given).to.deep.equal([4]);
  });

  it("needs c-kzg where the node wants cell proofs, which is said in one line", async () => {
    const { send } = node(() => OLD_FORM, "c-kzg is not installed");
    const error = await failure(send(raw));
    expect(error).to.be.instanceOf(CellProofsMissingError);
    expect(error.message).to.equal(
      "this L1 wants blobs with cell proofs (EIP-7594), which only c-kzg makes: npm install c-kzg (c-kzg is not installed)",
    );
  });

  for (const [what, native] of [
    ["with", STUB],
    ["without", "c-kzg is not installed"],
  ] as const) {
    it(`is not sent again in another form when the node refuses what it says, ${what} c-kzg`, async () => {
      for (const answer of [new Error("nonce too low"), new L1UnavailableError("sending", "no answer")]) {
        const { given, send } = node(() => answer, native);
        expect(await failure(send(raw))).to.equal(answer);
        expect(given).to.have.length(1);
      }
    });
  }

  it("is refused for what the node says of the form that it takes", async () => {
    const content = new Error("exceeds the block's gas limit");
    for (const takes of [4, 5]) {
      const other = takes === 4 ? NEW_FORM : OLD_FORM;
      const { given, send } = node((parts) => (parts === takes ? content : other), STUB);
      expect(await failure(send(raw))).to.equal(content);
      expect(given).to.deep.equal([5, 4]);
    }
  });

  it("is nothing else's business", async () => {
    const { given, send } = node(() => undefined, STUB);
    expect(await send("0x02f0")).to.equal("taken");
    expect(given).to.deep.equal([0]);
  });
});

describeOnAnvil("a batch in blobs with cell proofs", (get) => {
  it("is posted and read back", async function () {
    this.timeout(60_000);
    const native = await loadNativeKzg();
    if (typeof native === "string") {
      if (process.env.ROLLUP_TEST_CKZG !== undefined) throw new Error(native);
      return this.skip();
    }
    const l1 = get();
    const data = new Uint8Array(createRandom(7_594).bytes(BLOB_CAPACITY + 1));
    const deployment = await deployTo(l1, { da: "blob" });
    const archive = memoryArchive();
    const client = connectL1(l1.provider, deployment, l1.wallet(0), { blobSources: [archive] });
    const forms: number[] = [];
    const provider = new Proxy(l1.provider, {
      get: (target, name) => {
        if (name === "broadcastTransaction")
          return (raw: string) => {
            if (raw.startsWith("0x03")) forms.push(partsOf(raw));
            return target.broadcastTransaction(raw);
          };
        const value: unknown = Reflect.get(target, name);
        return typeof value === "function" ? (value.bind(target) as unknown) : value;
      },
    });
    const sender = await createSender({ provider, signer: l1.wallet(0), pollInterval: 20 });
    const prices = () => Promise.resolve({ baseFee: 10n ** 9n, blobBaseFee: 1n });
    const poster = createBatchPoster({ client, sender, blobs: { archive, prices, always: true } });
    const { header, transaction } = await poster.post({
      parent: deployment.genesis,
      claim: {
        ...{ stateRoot: `0x${"11".repeat(32)}`, withdrawalsRoot: ZERO_HASH, inboxAcc: ZERO_HASH, inboxTo: 0n },
        l2BlockTo: 1n,
      },
      data,
    });
    expect(forms).to.deep.equal([5]);
    expect(Buffer.compare((await client.batchData(header)).bytes, data)).to.equal(0);
    // The node itself has what it was given.
    const [first] = await makeSidecar(data);
    const kept = (await l1.send("anvil_getBlobsByTransactionHash", transaction)) as string[];
    expect(kept).to.have.length(2);
    expect(kept[0]).to.equal(toHex(first!.bytes));
  });
});
