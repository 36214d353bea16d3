import { expect } from "chai";
import { concat } from "ethers";

import {
  claim,
  decodeHashTimeLock,
  encodeHashTimeLock,
  type HashTimeLock,
  hashOfPreimage,
  preimageOf,
  refund,
} from "../../../../plugin/channel/apps/hash-time-lock.js";
import { AppError, type AppState } from "../../../../plugin/channel/apps/state.js";
import { simple } from "../../../../plugin/channel/outcome.js";
import type { Hex } from "../../../../plugin/types.js";
import { type HashTimeLockApp, HashTimeLockApp__factory } from "../../../../typechain-types/index.js";
import { altered, askApp, bits, ETH, KEYS, shown, sides, STRANGER, TOKEN } from "./support.js";

const EVERYBODY = bits(0, 1, 2);
const PAYER = bits(0);
const PAYEE = bits(2);
const PREIMAGE: Hex = `0x${"5e".repeat(32)}`;
const DEADLINE = 4_000_000_000n;

describe("HashTimeLockApp", () => {
  let bench: Awaited<ReturnType<typeof askApp>>;
  let app: HashTimeLockApp;
  const lock: HashTimeLock = {
    algorithm: "sha256",
    hash: hashOfPreimage("sha256", PREIMAGE),
    deadline: DEADLINE,
    amounts: [30n, 7n],
  };
  const locked: AppState = {
    turnNum: 4n,
    isFinal: false,
    appData: encodeHashTimeLock(lock),
    outcome: sides([100n, 5n], [7n, 0n]),
  };
  const withTerms = (changes: Partial<HashTimeLock>): AppState => ({
    ...locked,
    appData: encodeHashTimeLock({ ...lock, ...changes }),
  });

  const ask = (next: AppState, signedBy: bigint, base = locked, baseSignedBy = EVERYBODY, blockTag?: number) =>
    app.stateIsSupported(
      bench.channelId,
      bench.params,
      [shown(bench.channelId, base, baseSignedBy), shown(bench.channelId, next, signedBy)],
      blockTag === undefined ? {} : { blockTag },
    );

  before(async () => {
    bench = await askApp();
    app = await new HashTimeLockApp__factory(bench.deployer).deploy();
  });

  describe("before the deadline", () => {
    it("pays the payee all assets against the preimage, by either hash", async () => {
      for (const algorithm of ["sha256", "keccak256"] as const) {
        const base = withTerms({ algorithm, hash: hashOfPreimage(algorithm, PREIMAGE) });
        const claimed = claim(base, PREIMAGE);
        expect(claimed.outcome).to.deep.equal(sides([70n, 35n], [0n, 7n]));
        expect(await ask(claimed, PAYEE, base)).to.equal(true);
        expect(preimageOf(claimed.appData)).to.equal(PREIMAGE);
      }
    });

    it("pays between two participants as well", async () => {
      const two = { ...bench.params, participants: [KEYS[0].address, KEYS[2].address] };
      expect(
        await app.stateIsSupported(bench.channelId, two, [
          shown(bench.channelId, locked, bits(0, 1)),
          shown(bench.channelId, claim(locked, PREIMAGE), bits(1)),
        ]),
      ).to.equal(true);
    });

    it("refuses a claim that the payee did not sign", async () => {
      await expect(ask(claim(locked, PREIMAGE), bits(0, 1)))
        .to.be.revertedWithCustomError(app, "ConditionalPaymentSigner")
        .withArgs(2n, bits(0, 1));
    });

    it("refuses another preimage, and one for the other hash function", async () => {
      const other: Hex = `0x${"5f".repeat(32)}`;
      await expect(ask({ ...claim(locked, PREIMAGE), appData: other }, PAYEE))
        .to.be.revertedWithCustomError(app, "HashTimeLockPreimage")
        .withArgs(lock.hash, hashOfPreimage("sha256", other));
      await expect(ask(claim(locked, PREIMAGE), PAYEE, withTerms({ algorithm: "keccak256" })))
        .to.be.revertedWithCustomError(app, "HashTimeLockPreimage")
        .withArgs(lock.hash, hashOfPreimage("keccak256", PREIMAGE));
      expect(() => claim(locked, other)).to.throw(AppError, `not ${lock.hash}`);
    });

    it("refuses a preimage that is not 32 bytes", async () => {
      for (const appData of ["0x5e", `0x${"5e".repeat(31)}`, `0x${"5e".repeat(33)}`, `0x${"5e".repeat(64)}`] as Hex[]) {
        await expect(ask({ ...claim(locked, PREIMAGE), appData }, PAYEE))
          .to.be.revertedWithCustomError(app, "HashTimeLockPreimageLength")
          .withArgs((appData.length - 2) / 2);
        expect(() => claim(locked, appData)).to.throw(AppError, "a preimage has 32 bytes");
      }
    });

    it("refuses an algorithm that it does not have", async () => {
      const appData: Hex = `0x${"00".repeat(31)}02${locked.appData.slice(66)}`;
      const base = { ...locked, appData };
      await expect(ask(claim(locked, PREIMAGE), PAYEE, base))
        .to.be.revertedWithCustomError(app, "HashTimeLockAlgorithm")
        .withArgs(2n);
      expect(() => claim(base, PREIMAGE)).to.throw(AppError, "0 (keccak256) or 1 (sha256), got 2");
    });

    it("refuses terms of another length", async () => {
      for (const appData of ["0x", locked.appData.slice(0, -64), `${locked.appData}${"00".repeat(32)}`] as Hex[]) {
        await expect(ask(claim(locked, PREIMAGE), PAYEE, { ...locked, appData }))
          .to.be.revertedWithCustomError(app, "HashTimeLockTerms")
          .withArgs(160n, (appData.length - 2) / 2);
        expect(() => claim({ ...locked, appData }, PREIMAGE)).to.throw(AppError);
      }
    });

    it("refuses a lock of more than the payer has", async () => {
      const base = withTerms({ amounts: [30n, 8n] });
      await expect(ask(claim(locked, PREIMAGE), PAYEE, base))
        .to.be.revertedWithCustomError(app, "ConditionalPaymentAmount")
        .withArgs(TOKEN, 7n, 8n);
      expect(() => claim(base, PREIMAGE)).to.throw(AppError, "the payer has 7");
    });

    it("refuses another outcome than that of the lock", async () => {
      const claimed = claim(locked, PREIMAGE);
      for (const outcome of [
        locked.outcome,
        sides([69n, 36n], [0n, 7n]),
        sides([71n, 34n], [0n, 7n]),
        sides([70n, 35n], [7n, 0n]),
        sides([70n, 36n], [0n, 7n]),
        altered(claimed.outcome, 0, 0, { destination: simple(STRANGER.address, 0n).destination }),
        claimed.outcome.slice(1),
      ]) {
        await expect(ask({ ...claimed, outcome }, PAYEE)).to.be.revertedWithCustomError(
          app,
          "ConditionalPaymentOutcome",
        );
      }
    });

    it("refuses the outcome in another encoding", async () => {
      const claimed = shown(bench.channelId, claim(locked, PREIMAGE), PAYEE);
      await expect(
        app.stateIsSupported(bench.channelId, bench.params, [
          shown(bench.channelId, locked, EVERYBODY),
          { ...claimed, outcome: concat([String(claimed.outcome), "0x00"]) },
        ]),
      ).to.be.revertedWithCustomError(app, "ConditionalPaymentOutcome");
    });

    it("refuses a refund", async () => {
      await expect(ask(refund(locked), PAYER)).to.be.revertedWithCustomError(app, "HashTimeLockNotExpired");
    });

    it("refuses a claim that is not final", async () => {
      await expect(ask({ ...claim(locked, PREIMAGE), isFinal: false }, PAYEE)).to.be.revertedWithCustomError(
        app,
        "HashTimeLockNotFinal",
      );
    });
  });

  describe("what follows what", () => {
    it("refuses a base that not everybody signed", async () => {
      await expect(ask(claim(locked, PREIMAGE), PAYEE, locked, bits(0, 2)))
        .to.be.revertedWithCustomError(app, "ConditionalPaymentBase")
        .withArgs(EVERYBODY, bits(0, 2));
    });

    it("refuses what follows a claim, or another final state", async () => {
      const base = { ...locked, isFinal: true };
      await expect(ask(claim(locked, PREIMAGE), PAYEE, base))
        .to.be.revertedWithCustomError(app, "ConditionalPaymentAfterFinal")
        .withArgs(4n);
      expect(() => claim(base, PREIMAGE)).to.throw(AppError, "turn 4 was final");
      expect(() => refund(claim(locked, PREIMAGE))).to.throw(AppError);
    });

    it("refuses another turn than the next", async () => {
      for (const turnNum of [3n, 4n, 6n]) {
        await expect(ask({ ...claim(locked, PREIMAGE), turnNum }, PAYEE))
          .to.be.revertedWithCustomError(app, "ConditionalPaymentTurn")
          .withArgs(5n, turnNum);
      }
    });

    it("refuses one state, and three", async () => {
      const states = [
        shown(bench.channelId, locked, EVERYBODY),
        shown(bench.channelId, claim(locked, PREIMAGE), PAYEE),
      ] as const;
      for (const support of [[], [states[0]], [states[0], ...states]]) {
        await expect(app.stateIsSupported(bench.channelId, bench.params, support))
          .to.be.revertedWithCustomError(app, "ConditionalPaymentSupport")
          .withArgs(support.length);
      }
    });

    it("refuses an asset without exactly two simple allocations", async () => {
      const [eth, token] = locked.outcome;
      const { allocations } = eth!;
      for (const changed of [
        allocations.slice(1),
        [...allocations, simple(STRANGER.address, 0n)],
        [{ ...allocations[0]!, allocationType: 2, metadata: `0x${"00".repeat(64)}` as const }, allocations[1]!],
        [allocations[0]!, { ...allocations[1]!, allocationType: 2, metadata: `0x${"00".repeat(64)}` as const }],
      ]) {
        const base = { ...locked, outcome: [{ asset: ETH, allocations: changed }, token!] };
        await expect(ask(claim(locked, PREIMAGE), PAYEE, base))
          .to.be.revertedWithCustomError(app, "ConditionalPaymentSides")
          .withArgs(ETH);
        expect(() => claim(base, PREIMAGE)).to.throw(AppError, "two simple allocations");
      }
    });
  });

  describe("from the deadline on", () => {
    it("the second before it is the payee's, the second itself the payer's", async () => {
      await bench.networkHelpers.time.increaseTo(DEADLINE - 1n);
      expect(await ask(claim(locked, PREIMAGE), PAYEE)).to.equal(true);
      await expect(ask(refund(locked), PAYER))
        .to.be.revertedWithCustomError(app, "HashTimeLockNotExpired")
        .withArgs(DEADLINE, DEADLINE - 1n);

      await bench.networkHelpers.time.increaseTo(DEADLINE);
      expect(await ask(refund(locked), PAYER)).to.equal(true);
      await expect(ask(claim(locked, PREIMAGE), PAYEE))
        .to.be.revertedWithCustomError(app, "HashTimeLockExpired")
        .withArgs(DEADLINE, DEADLINE);
    });

    it("refuses a refund that the payer did not sign", async () => {
      await expect(ask(refund(locked), bits(1, 2)))
        .to.be.revertedWithCustomError(app, "ConditionalPaymentSigner")
        .withArgs(0n, bits(1, 2));
    });

    it("refuses a refund that moves something, or is not final", async () => {
      const refunded = refund(locked);
      await expect(ask({ ...refunded, outcome: sides([101n, 4n], [7n, 0n]) }, PAYER)).to.be.revertedWithCustomError(
        app,
        "ConditionalPaymentOutcome",
      );
      await expect(ask({ ...refunded, isFinal: false }, PAYER)).to.be.revertedWithCustomError(
        app,
        "HashTimeLockNotFinal",
      );
    });
  });

  it("app data read back, and are refused where they are none", () => {
    expect(decodeHashTimeLock(locked.appData)).to.deep.equal(lock);
    expect(() => decodeHashTimeLock("0x00")).to.throw(AppError, "got 1 bytes");
    expect(() => encodeHashTimeLock({ ...lock, hash: "0x00" })).to.throw(AppError, "a hash has 32 bytes");
    expect(() => claim(withTerms({ amounts: [1n] }), PREIMAGE)).to.throw(AppError, "2 assets, the lock 1 amounts");
    expect(() => preimageOf("0x")).to.throw(AppError, "32 bytes");
  });
});
