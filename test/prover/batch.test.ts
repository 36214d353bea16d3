import { expect } from "chai";
import { parseEther } from "ethers";

import { genesisHeader } from "../../plugin/ledger/header.js";
import { fromHex, toHex } from "../../plugin/ledger/bytes.js";
import { proveBatch, type BatchToProve } from "../../plugin/prover/batch.js";
import { developmentCircuit, lazyProver } from "../../plugin/prover/circuits.js";
import { validityLedger } from "../../plugin/sequencer/validity/ledger.js";
import type { Hex } from "../../plugin/types.js";
import { encodeAmount, encodeFee } from "../../plugin/validity/amounts.js";
import { fromAddress } from "../../plugin/validity/leaf.js";
import { genesisNodes } from "../../plugin/validity/state.js";
import { openKey } from "../../plugin/validity/wallet.js";
import { BRIDGE, fakeL1, L2_CHAIN_ID, SEQUENCER, START } from "../sequencer/support/fake-l1.js";
import { addressOf, loadExecute, startRig, walletOf } from "../sequencer/support/rig.js";
import { PROVER_CACHE } from "./support/cache.js";

const SIZE = { slots: 2, levels: 3 };
const DOMAIN = { l1ChainId: 31_337n, l2ChainId: L2_CHAIN_ID, bridge: BRIDGE };
const GENESIS = genesisHeader(START, toHex(genesisNodes(SIZE.levels)[0]!.hash));

/** Milliseconds for what a checkout compiles once. */
const COMPILE_TIMEOUT = 300_000;

describe("the proof of a batch", () => {
  const alice = walletOf(1);
  const circuit = lazyProver(PROVER_CACHE, () =>
    developmentCircuit({ ...SIZE, isOnL1: true }, { cache: PROVER_CACHE }),
  );
  after(() => circuit.close());

  it("is one for each block of the sequencer: deposits, keys, transfers, withdrawals", async () => {
    const ledger = validityLedger({ domain: DOMAIN, size: SIZE, submitter: SEQUENCER });
    const fake = fakeL1({ genesis: GENESIS });
    const rig = await startRig(loadExecute(), { genesis: GENESIS, ledger, baseFee: 0n, fake });
    try {
      const { sequencer, provider } = rig;
      const send = (raw: Uint8Array) => provider.send("eth_sendRawTransaction", [toHex(raw)]);
      const key = await openKey(alice, DOMAIN);
      const id = { owner: fromAddress(addressOf(alice)), token: 0n };
      const messages = [fake.deposit(addressOf(alice), parseEther("5"))];
      await sequencer.sync();
      await sequencer.seal();
      await send(await key.register(id));
      await sequencer.seal();
      const wish = { ...id, amount40: encodeAmount(parseEther("1")), fee8: encodeFee(0n) };
      const recipient = fromAddress(addressOf(walletOf(2)));
      await send(key.transfer({ ...wish, nonce: 0n, isWithdrawal: false, recipient }));
      await send(key.transfer({ ...wish, nonce: 1n, isWithdrawal: true, recipient }));
      while ((await sequencer.seal()) !== undefined) continue;
      const { batch, nodes } = (await sequencer.prepare())!;
      const header = fake.append(batch);

      const transfers: Uint8Array[][] = [];
      for (let block = header.l2BlockFrom + 1n; block <= header.l2BlockTo; block++) {
        const raws = (await provider.send("rollup_getTransfers", [`0x${block.toString(16)}`])) as Hex[];
        transfers.push(raws.map((raw) => fromHex(raw)));
      }
      const given: BatchToProve = { header, messages, data: batch.data, isOnL1: true, transfers };
      const options = { domain: DOMAIN, size: SIZE, nodes, prover: await circuit.get() };
      const { statements, proofs } = await proveBatch(given, options);
      expect(statements).to.have.length(Number(header.l2BlockTo));
      expect(proofs.every((proof) => fromHex(proof).length === 256)).to.equal(true);

      const failed = await proveBatch({ ...given, transfers: transfers.map(() => []) }, options).catch(String);
      expect(failed).to.match(
        /^BatchUnprovableError: batch 1 cannot be proved: segment \d leads to another state root/,
      );
    } finally {
      await rig.close();
    }
  }).timeout(COMPILE_TIMEOUT);
});
