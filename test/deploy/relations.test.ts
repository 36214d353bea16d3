import { expect } from "chai";

import {
  disputeDuration,
  exitWindow,
  EXIT_MARGIN,
  leavingTime,
  PARAMETER_NAMES,
  ParameterError,
  PARAMETERS,
  type Preset,
  PRESETS,
  resolveParameters,
  type RollupParametersInput,
  warningsOf,
} from "../../deploy/parameters.js";
import type { Holder } from "../../plugin/l1/holders.js";
import { type Hex, type RollupParameters, ZERO_ADDRESS } from "../../plugin/types.js";
import { createRandom } from "../ledger/random.js";
import { accounts, BOUNDARIES, committee } from "./support/boundaries.js";

const DEPLOYER = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
const DAY = 86_400n;
const ETHER = 10n ** 18n;
const ALL_PRESETS: readonly Preset[] = ["dev", "sepolia", "mainnet"];

function resolve(input: RollupParametersInput, preset: Preset = "dev"): RollupParameters {
  return resolveParameters({ l2ChainId: 84532001, ...input }, { preset, l1ChainId: 31337n, deployer: DEPLOYER });
}

/** Faults, each with the parameter that it names. */
function faults(input: RollupParametersInput, preset: Preset = "dev"): [parameter: string, message: string][] {
  try {
    resolve(input, preset);
  } catch (error) {
    if (error instanceof ParameterError) return error.issues.map(({ parameter, message }) => [parameter, message]);
    throw error;
  }
  return [];
}

describe("relations between parameters", () => {
  for (const { what, given, parameter, last, first, message } of BOUNDARIES) {
    it(`demand ${what}, to the last value that holds`, () => {
      expect(faults({ ...given, [parameter]: last })).to.deep.equal([]);
      expect(faults({ ...given, [parameter]: first })).to.deep.equal([[parameter, message]]);
    });
  }

  it("are all named when several are broken", () => {
    expect(faults({ upgradeDelay: "1d", escapeDelay: "1h", inboxCapacity: 3 }).map(([name]) => name)).to.deep.equal([
      ...["inboxCapacity", "escapeDelay", "upgradeDelay"],
    ]);
  });

  it("name what was given where a default cannot follow it any further", () => {
    const given = { challengeWindow: "90d", disputeClock: "90d", disputeExtension: "7d" };
    expect(faults({ ...given, upgradeDelay: "365d" }, "mainnet")).to.deep.equal([]);
    expect(faults({ ...given, dissectionBits: 2 }, "mainnet")).to.deep.include([
      "challengeWindow",
      "is 90d; then upgradeDelay is 365d: longer than forceInclusionDelay + permissionlessDelay + challengeWindow + 2 · disputeClock + 20 · disputeExtension + 1d (9900h), so that users leave before an upgrade executes",
    ]);
  });
});

describe("defaults", () => {
  const SUITES = [
    { proof: "fraud" },
    { proof: "fraud", da: "blob" },
    { proof: "fraud", ...committee(5) },
    { proof: "validity" },
    { proof: "validity", ...committee(5) },
  ];

  it("hold by themselves, in every preset and kind of suite", () => {
    for (const preset of ALL_PRESETS) for (const suite of SUITES) expect(faults(suite, preset)).to.deep.equal([]);
  });

  it("of mainnet leave users 30 days to decide about an upgrade, and a margin, with both proof systems", () => {
    for (const suite of SUITES) {
      const parameters = resolve(suite, "mainnet");
      expect(exitWindow(parameters) >= 30n * DAY + EXIT_MARGIN).to.equal(true);
      expect(parameters.challengeWindow).to.equal(7n * DAY);
    }
    expect(leavingTime(resolve({}, "mainnet"))).to.equal(18n * DAY);
    expect(resolve({}, "mainnet").upgradeDelay).to.equal(50n * DAY);
  });

  it("of sepolia show a final batch within a day, disputed or not, and an upgrade within a week", () => {
    const parameters = resolve({}, "sepolia");
    expect(parameters.challengeWindow + disputeDuration(parameters) <= DAY).to.equal(true);
    expect(parameters.upgradeDelay).to.equal(7n * DAY);
    expect(10n * parameters.disputeBond + parameters.sequencerBond <= ETHER / 10n).to.equal(true);
  });

  it("follow a challenge window alone, shorter or longer, in every preset and kind of suite", () => {
    const windows = [62n, 90n, 3_599n, 3_601n, DAY, 7n * DAY - 1n, 8n * DAY, 30n * DAY, 90n * DAY];
    for (const preset of ALL_PRESETS) {
      for (const suite of SUITES) {
        for (const challengeWindow of windows) {
          const parameters = resolve({ ...suite, challengeWindow }, preset);
          expect(parameters.challengeWindow).to.equal(challengeWindow);
          if (preset === "mainnet") expect(exitWindow(parameters) >= 30n * DAY + EXIT_MARGIN).to.equal(true);
        }
      }
    }
  });

  it("stay at the preset's value where that satisfies everything, and are round where not", () => {
    const follow = (input: RollupParametersInput) => {
      const { bondWithdrawalDelay, escapeDelay, upgradeDelay, permissionlessDelay } = resolve(input, "mainnet");
      return [bondWithdrawalDelay, escapeDelay, upgradeDelay, permissionlessDelay].map((time) => Number(time) / 86_400);
    };
    expect(follow({})).to.deep.equal([21, 30, 50, 0.5]);
    expect(follow({ challengeWindow: "3d" })).to.deep.equal([21, 30, 50, 0.5]);
    // 14 + 9.5 days until a batch is judged, 25 until a user is out, 31 more before an upgrade; 48 until everybody escapes.
    expect(follow({ challengeWindow: "14d" })).to.deep.equal([24, 30, 57, 0.5]);
    expect(follow({ escapeDelay: "60d" })).to.deep.equal([21, 60, 63, 0.5]);
    expect(follow({ sequencerGrace: "1d" })[3]).to.equal(25 / 24);
  });

  it("follow other parameters one by one", () => {
    expect(resolve({ challengeWindow: "1h" }, "mainnet").disputeExtension).to.equal(3_600n);
    expect(resolve({ disputeClock: "2h" }, "mainnet").disputeExtension).to.equal(7_200n);
    expect(resolve({ disputeBond: "3 ether" }, "mainnet").sequencerBond).to.equal(12n * ETHER);
    expect(resolve({ pauseDuration: "20d" }, "mainnet").pauseCooldown).to.equal(20n * DAY);
    expect(resolve({ ...committee(3), sequencerGrace: "2d" }, "mainnet").committeeOverlap).to.equal(2n * DAY);
    const { demandWindow, answerTime, answerMargin } = resolve({ ...committee(3), answerMargin: "50m" });
    expect([demandWindow, answerTime, answerMargin]).to.deep.equal([300n, 300n, 3_000n]);
    expect(resolve({ ...committee(3), challengeWindow: "12h" }, "mainnet").disputeExtension).to.equal(14_400n);
  });

  it("make a deployable suite of any one or two parameters, or a fault that names one of them", () => {
    const random = createRandom(0xdef);
    const names = PARAMETER_NAMES.filter((name) => ["time", "amount", "count"].includes(PARAMETERS[name].kind));
    const within = (name: keyof RollupParameters): bigint => {
      const { min = 1n, max = 1n } = PARAMETERS[name];
      if (name === "inboxCapacity") return 1n << BigInt(1 + random.int(31));
      const any = min + random.sized(max.toString(2).length);
      return random.pick([min, max, any > max ? max : any]);
    };
    let resolved = 0;
    const runs = 6_000;
    for (let run = 0; run < runs; run++) {
      const preset = random.pick(ALL_PRESETS);
      const suite: RollupParametersInput = random.pick(SUITES);
      const chosen = [random.pick(names), random.pick(names)].slice(random.int(2));
      const given: RollupParametersInput = Object.fromEntries(chosen.map((name) => [name, within(name)]));
      const found = faults({ ...suite, ...given }, preset);
      const strangers = found.filter(([name]) => !chosen.some((given) => given === name));
      const said = Object.entries({ preset, ...suite, ...given }).map(([name, value]) => `${name} ${String(value)}`);
      expect(strangers, said.join(", ")).to.deep.equal([]);
      if (found.length > 0) continue;
      resolved += 1;
      const parameters = resolve({ ...suite, ...given }, preset);
      for (const name of chosen) expect(parameters[name]).to.equal(given[name]);
    }
    expect(resolved).to.be.within(runs / 4, runs - runs / 20);
  });

  it("do not depend on the order in which parameters are given, for a journal knows them by their text", () => {
    const given = { ...committee(3), demandWindow: 60, answerTime: 70, councilThreshold: 0, l2ChainId: 7 };
    const reversed = Object.fromEntries(Object.entries(given).reverse());
    expect(Object.entries(resolve(reversed))).to.deep.equal(Object.entries(resolve(given)));
  });

  it("exist for every preset, and only for parameters that there are", () => {
    expect(Object.keys(PRESETS)).to.deep.equal(ALL_PRESETS);
    for (const values of Object.values(PRESETS)) {
      expect([...PARAMETER_NAMES, "exitWindow"]).to.include.members(Object.keys(values));
    }
  });
});

describe("warnings of a plan", () => {
  const SAFE: Holder = { kind: "safe", threshold: 3, owners: accounts(5) };
  const [one = ZERO_ADDRESS, two = ZERO_ADDRESS] = accounts(2);
  const roles = { guardian: one, upgrader: two };

  function warnings(input: RollupParametersInput, preset: Preset = "mainnet", holder = SAFE): string[] {
    const holders = new Map<Hex, Holder>([one, two, DEPLOYER as Hex].map((address) => [address, holder]));
    return warningsOf(resolve(input, preset), { preset, deployer: DEPLOYER, holders });
  }

  it("are none where mainnet's defaults and Safes are taken, nor for other presets", () => {
    expect(warnings(roles)).to.deep.equal([]);
    expect(warnings({}, "sepolia", { kind: "account", used: true })).to.deep.equal([]);
  });

  for (const [what, input, last, line] of [
    [
      "a short challenge window",
      { challengeWindow: 7n * DAY - 1n },
      { challengeWindow: "7d" },
      "challengeWindow is 604799s, less than 7d; rollup:stage will say Stage 0",
    ],
    [
      "too little time to decide for Stage 2",
      { upgradeDelay: 48n * DAY - 1n },
      { upgradeDelay: "48d" },
      "upgradeDelay is 4147199s, of which users have 2591999s to decide to leave, less than 30d; rollup:stage will say Stage 1",
    ],
    [
      "too little time to decide for Stage 1",
      { upgradeDelay: 25n * DAY - 1n, escapeDelay: "20d" },
      { upgradeDelay: "48d", escapeDelay: "20d" },
      "upgradeDelay is 2159999s, of which users have 604799s to decide to leave, less than 7d; rollup:stage will say Stage 0",
    ],
    [
      "an escape that comes after an upgrade",
      { upgradeDelay: 50n * DAY, escapeDelay: 48n * DAY + 1n },
      { upgradeDelay: 50n * DAY, escapeDelay: 48n * DAY },
      "upgradeDelay is 50d, less than forceInclusionDelay + escapeDelay + 1d (4320001s), so that nobody escapes before an upgrade if nobody posts; rollup:stage will say Stage 1 at most",
    ],
    [
      "a small committee",
      committee(4),
      committee(5),
      'the committee has 4 members, fewer than 5; rollup:stage will say "Others"',
    ],
    [
      "a committee of which few sign",
      { ...committee(5), committeeThreshold: 3 },
      { ...committee(5), committeeThreshold: 4 },
      '3 of 5 members of the committee sign, less than two thirds; rollup:stage will say "Others"',
    ],
    [
      "a small council",
      { council: accounts(7) },
      { council: accounts(8) },
      "6 of 7 are a quorum of the council, which should have 8 members or more, and a quorum of three quarters; rollup:stage will say Stage 0",
    ],
    [
      "blobs that are gone before the window is over",
      { da: "blob", challengeWindow: 18n * DAY + 1n },
      { da: "blob", challengeWindow: 18n * DAY },
      "challengeWindow is 1555201s, and L1 keeps blobs for 18d: later validators need an archive",
    ],
  ] as [string, RollupParametersInput, RollupParametersInput, string][]) {
    it(`name ${what}, and refuse nothing`, () => {
      expect(warnings({ ...roles, ...input })).to.deep.equal([`mainnet: ${line}`]);
      expect(warnings({ ...roles, ...last })).to.deep.equal([]);
    });
  }

  it("name roles of one key that is the deployer's, delegated or not", () => {
    for (const holder of [
      { kind: "account", used: false },
      { kind: "delegated", to: one },
    ] as const) {
      expect(warnings({}, "mainnet", holder)).to.deep.equal([
        "mainnet: guardian is the deployer, an account with one key; name a Safe as safe:0x…",
        "mainnet: upgrader is the deployer, an account with one key; name a Safe as safe:0x…",
      ]);
      expect(warnings(roles, "mainnet", holder)).to.deep.equal([]);
    }
  });
});
