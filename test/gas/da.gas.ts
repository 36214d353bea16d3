import { hexlify, type TransactionReceipt, ZeroAddress, ZeroHash } from "ethers";

import { blobCount } from "../../plugin/da/blob.js";
import { chunkRoot } from "../../plugin/da/committee/chunks.js";
import { attestationOf } from "../../plugin/da/committee/client.js";
import type { DataPlace } from "../../plugin/da/input.js";
import { emptyBlob } from "../../plugin/da/sidecar.js";
import { decodeLog, TOPICS } from "../../plugin/l1/decode.js";
import { appendBatchCall } from "../../plugin/l1/poster.js";
import { blobBaseFee } from "../../plugin/l1/rpc.js";
import { encodeBatch } from "../../plugin/ledger/batch.js";
import type { BatchTransaction } from "../../plugin/ledger/types.js";
import type { BatchHeader, Deployment, Hex } from "../../plugin/types.js";
import { deployTo, startHardhat, type TestL1 } from "../l1/support/l1.js";
import { createRandom } from "../ledger/random.js";
import { first, memberKeys, sign } from "../support/committee.js";
import { checkGasSnapshot, expectAtMost, type GasFigures } from "../support/gas.js";

const FORMS = ["calldata", "blobs", "committee"] as const;
type Form = (typeof FORMS)[number];

/** Transfers in one L1 transaction: of 128 kB of calldata, of six blobs, which is what L1 lets one have, of 1 MiB. */
const MOST: Record<Form, number> = { calldata: 1_600, blobs: 10_700, committee: 14_000 };
/** L1 gas per transfer of the largest load: what issue 5 aims at. */
const AIM: Partial<Record<Form, number>> = { committee: 25 };
/** 5 of 7, by ECDSA. */
const MEMBERS = memberKeys(7);
const THRESHOLD = 5;
/** What any L1 transaction costs. */
const BASE_GAS = 21_000;

const random = createRandom(7);

/** Batch data of `count` ETH transfers among 10,000 accounts, most used before; their signatures are noise, as signatures are. */
function transfers(count: number, timestamp: bigint): Uint8Array {
  const transactions = Array.from({ length: count }, (_, i): BatchTransaction => ({
    ...{ to: ZeroAddress as Hex, toIndex: BigInt(1 + random.int(10_000)), nonce: BigInt(random.int(300)) },
    ...{ maxFeePerGas: 2n * 10n ** 9n, maxPriorityFeePerGas: 10n ** 6n, gasLimit: 21_000n, data: new Uint8Array() },
    ...{ value: BigInt(1 + random.int(9_999)) * 10n ** 14n, yParity: (i & 1) as 0 | 1 },
    ...{ r: random.bytes(32), s: random.bytes(32) },
  }));
  const coinbase = hexlify(random.bytes(20)) as Hex;
  return encodeBatch({ coinbase, baseFee: 10n ** 7n, blocks: [{ timestamp, messages: 0, transactions }] });
}

describe("gas and bytes of ETH transfers in calldata, in blobs and with a committee", () => {
  const measured: GasFigures = {};
  let l1: TestL1;
  let withBlobs: Chain;
  let withCommittee: Chain;

  /** A suite and the last header of its chain. */
  interface Chain {
    deployment: Deployment;
    parent: BatchHeader;
  }

  before(async () => {
    l1 = await startHardhat();
    const blobs = await deployTo(l1, { da: "blob" });
    const committeeMembers = MEMBERS.map(({ address }) => address as Hex);
    const committee = await deployTo(l1, { da: "committee", committeeMembers, committeeThreshold: BigInt(THRESHOLD) });
    withBlobs = { deployment: blobs, parent: blobs.genesis };
    withCommittee = { deployment: committee, parent: committee.genesis };
    for (const form of ["calldata", "committee"] as const) await post(form, transfers(1, 1n));
  });

  const chainOf = (form: Form): Chain => (form === "committee" ? withCommittee : withBlobs);

  async function placeOf(form: Form, data: Uint8Array): Promise<DataPlace> {
    if (form === "calldata") return { form, data };
    if (form === "blobs") return { form, length: data.length, first: 0 };
    const { deployment, parent } = withCommittee;
    const { DataAvailabilityCommittee: committee, L1EscrowBridge: bridge } = deployment.contracts;
    const scope = { committee: committee?.address ?? "0x", bridge: bridge.address } as const;
    const attestation = attestationOf(data, { epoch: 0n, batchIndex: parent.index + 1n, expiry: 2n ** 40n });
    // The last of them: the dearest.
    const positions = first(MEMBERS.length).slice(MEMBERS.length - THRESHOLD);
    const signed = await sign(MEMBERS, positions, { l1ChainId: deployment.l1ChainId, ...scope }, attestation);
    const { length, epoch, expiry } = attestation;
    return { form, certificate: { length, epoch, expiry, root: chunkRoot(data), ...signed } };
  }

  /** Posts data. What is in a blob makes no difference to gas, so they are empty. */
  async function post(form: Form, data: Uint8Array): Promise<TransactionReceipt> {
    const chain = chainOf(form);
    const stateRoot: Hex = `0x${"5".repeat(64)}`;
    const claim = { stateRoot, withdrawalsRoot: ZeroHash as Hex };
    const batch = {
      parent: chain.parent,
      claim: { ...claim, inboxAcc: ZeroHash as Hex, inboxTo: 0n, l2BlockTo: chain.parent.l2BlockTo + 1n },
      data,
    };
    const wallet = l1.wallet(0);
    const { address: to } = chain.deployment.contracts.StateCommitmentChain;
    const common = { to, maxPriorityFeePerGas: 1n, gasLimit: 16_777_216n, maxFeePerGas: 10n ** 11n };
    const call = { ...common, data: appendBatchCall(batch, await placeOf(form, data)) };
    const blobs = Array.from({ length: blobCount(data.length) }, () => {
      const { bytes, commitment, proof } = emptyBlob();
      return { data: hexlify(bytes), commitment: hexlify(commitment), proof: hexlify(proof) };
    });
    const sent = await wallet.sendTransaction(
      form === "blobs" ? { ...call, type: 3, blobs, maxFeePerBlobGas: 2n * (await blobBaseFee(l1.provider)) } : call,
    );
    const receipt = await sent.wait();
    const log = receipt?.logs.find(({ topics }) => topics[0] === TOPICS.batch);
    const event = log && decodeLog(log);
    if (!receipt || event?.kind !== "batch") throw new Error("the batch is not on L1");
    chain.parent = event.header;
    return receipt;
  }

  for (const form of FORMS) {
    for (const count of [100, 1_000, 10_000]) {
      it(`${count} transfers, ${form}`, async function () {
        this.timeout(120_000);
        let [gas, bytes, batches] = [0, 0, 0];
        const size = Math.ceil(count / Math.ceil(count / MOST[form]));
        for (let left = count; left > 0; left -= size) {
          const data = transfers(Math.min(left, size), BigInt(count));
          gas += Number((await post(form, data)).gasUsed);
          bytes += data.length;
          batches++;
        }
        const name = `${count} transfers, ${form}`;
        if (count > 100) expectAtMost(`bytes per transfer, ${name}`, bytes / count, 80);
        const aim = AIM[form];
        if (count === 10_000 && aim !== undefined) expectAtMost(`gas per transfer, ${name}`, gas / count, aim);
        Object.assign(measured, {
          [`${name}: bytes`]: bytes,
          [`${name}: L1 transactions`]: batches,
          [`${name}: gas`]: gas,
          ...(form !== "calldata" ? { [`${name}: gas beyond the transactions' own`]: gas - BASE_GAS * batches } : {}),
        });
      });
    }
  }

  it("costs what the snapshot says", async () => {
    await checkGasSnapshot("da", measured);
  });
});
