import { expect } from "chai";

import { blobDataHash } from "../../../plugin/ledger/hashes.js";
import { collectInput, executeLedger } from "../../../plugin/ledger/execute.js";
import { loadLedgerGuest } from "../../../plugin/ledger/guest.js";
import { GENESIS_NODE } from "../../../plugin/ledger/state.js";
import { traceLedger } from "../../../plugin/ledger/trace.js";
import type { LedgerInput } from "../../../plugin/ledger/types.js";
import { elementOf, packBlobs, versionedHashOf } from "../../../plugin/da/blob.js";
import { loadKzg } from "../../../plugin/da/kzg.js";
import { readGuestProgram } from "../../../plugin/machine/artifacts.js";
import { Host, Op } from "../../../plugin/machine/isa.js";
import { createMachine, run, stateOf } from "../../../plugin/machine/machine.js";
import { PreimageMap } from "../../../plugin/machine/preimage-map.js";
import { programOf } from "../../../plugin/machine/program.js";
import { hashState, Status } from "../../../plugin/machine/state.js";
import { ledgerBatch } from "../support/ledger.js";
import { toHex, useVerifier, type Step } from "../support/verifier.js";

const ELEMENT_LENGTH = 128;

/** Where a witness has the element, its commitment and its proof. */
function startOfElement(witness: Uint8Array, commitment: Uint8Array): number {
  const at = Buffer.from(witness).indexOf(commitment);
  if (at === -1) throw new Error("the witness has no element of the blob");
  return at - 32;
}

function elementIn(witness: Uint8Array, commitment: Uint8Array): Uint8Array {
  const start = startOfElement(witness, commitment);
  return witness.subarray(start, start + ELEMENT_LENGTH);
}

describe("a batch whose data are in a blob", () => {
  const verifier = useVerifier();

  it("is the same batch natively, in the reference, in the interpreter and, where it reads the blob, on L1", async function () {
    this.timeout(120_000);
    const program = programOf(readGuestProgram("ledger"));
    const nodes = { get: () => GENESIS_NODE.preimage };
    const plain = ledgerBatch(3, 4);
    const [bytes = Uint8Array.of()] = packBlobs(plain.data);
    // Two elements as nobody packs them, yet as L1 takes them: bits on top, and something behind the data.
    bytes[0] = (bytes[0] ?? 0) | 0x40;
    bytes[131_071] = 0x77;
    const commitment = (await loadKzg()).commit(bytes);
    const blob = { bytes, commitment, versionedHash: versionedHashOf(commitment) };
    const input: LedgerInput = { ...plain, blobs: [blob] };

    const native = executeLedger(loadLedgerGuest(), input, nodes);
    const inCalldata = executeLedger(loadLedgerGuest(), plain, nodes);
    expect(native.receipts.map(({ status }) => status)).to.deep.equal(new Array(7).fill("succeeded"));
    expect({ ...native, inputHash: "", nodes: [] }).to.deep.equal({ ...inCalldata, inputHash: "", nodes: [] });
    expect(native.inputHash).not.to.equal(inCalldata.inputHash);

    const given = new PreimageMap();
    const { inputHash } = collectInput(input, given);
    expect(given.get(Buffer.from(blobDataHash(plain.data.length, [blob.versionedHash]).slice(2), "hex"))).not.to.equal(
      undefined,
    );
    const machine = createMachine(program, inputHash, {
      preimage: (hash) => given.get(hash) ?? nodes.get(),
      blob: (_, index) => ({ value: elementOf(bytes, index), commitment, proof: new Uint8Array(48) }),
    });
    /** Steps at which the blob is asked for, and the states around them. */
    const asked: { step: number; before: string; after: string }[] = [];
    while (machine.registers.status === Status.RUNNING) {
      const next = program.code[machine.registers.pc];
      if (next?.op !== Op.HOST || next.fn !== Host.blob) {
        run(machine, machine.steps + 1);
        continue;
      }
      const before = hashState(stateOf(machine));
      run(machine, machine.steps + 1);
      asked.push({ step: machine.steps - 1, before: toHex(before), after: toHex(hashState(stateOf(machine))) });
    }
    expect(asked).to.have.length(4 * Math.ceil(plain.data.length / 127));
    expect(`0x${toHex(stateOf(machine).outputHash)}`).to.equal(native.outputHash);

    const trace = await traceLedger(program, input, nodes);
    expect(trace.length).to.equal(machine.steps);
    expect((await trace.stateAt(trace.length)).outputHash).to.deep.equal(stateOf(machine).outputHash);
    const chosen = asked.filter((_, i) => i === 0 || i === asked.length - 1);
    const steps: Step[] = [];
    for (const { step, before, after } of chosen) {
      const stateHash = await trace.stateHashAt(step);
      expect(toHex(stateHash)).to.equal(before);
      expect(toHex(await trace.stateHashAt(step + 1))).to.equal(after);
      steps.push({ codeRoot: program.codeRoot, stateHash, witness: await trace.witnessAt(step) });
    }
    expect(await verifier().tryAll(steps)).to.deep.equal(chosen.map(({ after }) => after));

    // The element of the other step, with its own proof, is not what this step reads.
    const [first, last] = steps as [Step, Step];
    const swapped = Uint8Array.from(first.witness);
    swapped.set(elementIn(last.witness, commitment), startOfElement(first.witness, commitment));
    expect(await verifier().tryAll([{ ...first, witness: swapped }])).to.deep.equal(["MachineHostPrecompileFailed"]);
  });
});
