import { expect } from "chai";
import { AbiCoder, concat } from "ethers";

import { pay, paymentsOf } from "../../../../plugin/channel/apps/single-asset-payment.js";
import { AppError, type AppState } from "../../../../plugin/channel/apps/state.js";
import { guarantee, simple } from "../../../../plugin/channel/outcome.js";
import { type SingleAssetPaymentApp, SingleAssetPaymentApp__factory } from "../../../../typechain-types/index.js";
import { altered, askApp, bits, divided, ETH, KEYS, shown, STRANGER, TOKEN } from "./support.js";

const EVERYBODY = bits(0, 1, 2);

describe("SingleAssetPaymentApp", () => {
  let bench: Awaited<ReturnType<typeof askApp>>;
  let app: SingleAssetPaymentApp;
  /** Hub, participant 1, moves next. */
  const base: AppState = { turnNum: 6n, isFinal: false, appData: "0x", outcome: divided([50n, 30n, 20n], TOKEN) };
  const moved = (changes: Partial<AppState>): AppState => ({ ...base, turnNum: 7n, ...changes });

  const ask = (next: AppState, from = base) =>
    app.stateIsSupported(bench.channelId, bench.params, [
      shown(bench.channelId, from, EVERYBODY),
      shown(bench.channelId, next, bits(1)),
    ]);

  before(async () => {
    bench = await askApp();
    app = await new SingleAssetPaymentApp__factory(bench.deployer).deploy();
  });

  it("lets who moves give to one, to several, and to nobody", async () => {
    for (const payments of [
      [[0, 30n]],
      [
        [0, 1n],
        [2, 29n],
      ],
      [],
    ] as [number, bigint][][]) {
      const next = pay(base, 1, new Map(payments));
      expect(await ask(next)).to.equal(true);
      const gains = [0n, 0n, 0n];
      for (const [to, amount] of payments) gains[to] = amount;
      expect(paymentsOf(base, next)).to.deep.equal(gains);
    }
  });

  it("pays ETH, and into channels and to other accounts where the allocations say so", async () => {
    const channel = `0x${"cc".repeat(32)}` as const;
    const from = { ...base, outcome: altered(divided([50n, 30n, 20n], ETH), 0, 0, { destination: channel }) };
    expect(await ask(pay(from, 1, new Map([[0, 7n]])), from)).to.equal(true);
  });

  const refusals: [name: string, error: string, args: unknown[], next: AppState, words: RegExp][] = [
    [
      "taking from another",
      "PaymentTaken",
      [0n, 50n, 49n],
      moved({ outcome: divided([49n, 31n, 20n], TOKEN) }),
      /participant 1 takes 1 from participant 0/,
    ],
    [
      "taking from one for another",
      "PaymentTaken",
      [2n, 20n, 19n],
      moved({ outcome: divided([51n, 30n, 19n], TOKEN) }),
      /participant 1 takes 1 from participant 2/,
    ],
    [
      "making money",
      "PaymentSum",
      [100n, 101n],
      moved({ outcome: divided([50n, 31n, 20n], TOKEN) }),
      /the sum changes by 1/,
    ],
    [
      "giving more than it had",
      "PaymentSum",
      [100n, 101n],
      moved({ outcome: divided([81n, 0n, 20n], TOKEN) }),
      /the sum changes by 1/,
    ],
    [
      "burning money",
      "PaymentSum",
      [100n, 99n],
      moved({ outcome: divided([50n, 29n, 20n], TOKEN) }),
      /the sum changes by -1/,
    ],
    ["another asset", "PaymentAsset", undefined as never, moved({ outcome: divided([50n, 30n, 20n]) }), /the asset is/],
    [
      "another destination",
      "PaymentDestination",
      undefined as never,
      moved({ outcome: altered(base.outcome, 0, 2, { destination: simple(STRANGER.address, 0n).destination }) }),
      /participant 2's destination is/,
    ],
    [
      "one allocation less",
      "PaymentAllocationCount",
      [3n, 2n],
      moved({ outcome: divided([50n, 50n], TOKEN) }),
      /there are 3 allocations, not 2/,
    ],
    [
      "an asset more",
      "PaymentAssetCount",
      [2n],
      moved({ outcome: [...divided([0n, 0n, 0n]), ...base.outcome] }),
      /has one asset, not 2/,
    ],
    ["no asset", "PaymentAssetCount", [0n], moved({ outcome: [] }), /has one asset, not 0/],
    [
      "a guarantee",
      "PaymentNotSimple",
      [2n, 2n],
      moved({
        outcome: [
          {
            asset: TOKEN,
            allocations: [
              ...divided([50n, 30n])[0]!.allocations,
              guarantee(simple(KEYS[2].address, 0n).destination, 20n, KEYS[0].address, KEYS[2].address),
            ],
          },
        ],
      }),
      /participant 2's allocation must be simple/,
    ],
    ["app data", "PaymentAppData", [1n], moved({ appData: "0x00" }), /no app data/],
  ];
  for (const [name, error, args, next, words] of refusals) {
    it(`refuses ${name}`, async () => {
      const refusal = expect(ask(next)).to.be.revertedWithCustomError(app, error);
      await (args === undefined ? refusal : refusal.withArgs(...args));
      expect(() => paymentsOf(base, next)).to.throw(AppError, words);
    });
  }

  it("refuses a chain that begins with an outcome of another shape", async () => {
    for (const [outcome, error] of [
      [divided([50n, 50n], TOKEN), "PaymentAllocationCount"],
      [[...divided([0n, 0n, 0n]), ...base.outcome], "PaymentAssetCount"],
    ] as const) {
      await expect(ask(moved({}), { ...base, outcome })).to.be.revertedWithCustomError(app, error);
    }
  });

  it("refuses an outcome in another encoding, so that no move is dearer to answer than another", async () => {
    const next = shown(bench.channelId, moved({}), bits(1));
    for (const outcome of [
      concat([String(next.outcome), "0x00"]),
      concat([
        AbiCoder.defaultAbiCoder().encode(["uint256", "uint256"], [64, 0]),
        String(next.outcome).slice(0, 2) + String(next.outcome).slice(66),
      ]),
    ]) {
      await expect(
        app.stateIsSupported(bench.channelId, bench.params, [
          shown(bench.channelId, base, EVERYBODY),
          { ...next, outcome },
        ]),
      ).to.be.revertedWithCustomError(app, "PaymentEncoding");
    }
  });

  it("the client makes no move that would be refused", () => {
    expect(() => pay(base, 0, new Map())).to.throw(AppError, "turn 7 is participant 1's, not 0's");
    expect(() => pay(base, 1, new Map([[0, 31n]]))).to.throw(AppError, "participant 1 lacks 1");
    expect(() => pay(base, 1, new Map([[0, -1n]]))).to.throw(AppError, "takes nothing back");
    expect(() => pay(base, 1, new Map([[3, 1n]]))).to.throw(AppError, "no participant 3, they are 0 to 2");
    expect(() => pay({ ...base, isFinal: true }, 1, new Map())).to.throw(AppError, "turn 6 was final");
  });

  it("the client takes no move of a wrong turn, nor behind a final state", () => {
    expect(() => paymentsOf(base, moved({ turnNum: 8n }))).to.throw(AppError, "turn 7 follows, not 8");
    expect(() => paymentsOf({ ...base, isFinal: true }, moved({}))).to.throw(AppError, "turn 6 was final");
  });
});
