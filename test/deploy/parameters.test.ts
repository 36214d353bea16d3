import { expect } from "chai";

import {
  disputeDuration,
  formatTime,
  memberUrlsOf,
  ParameterError,
  presetFor,
  resolveParameters,
  safesIn,
  type ParameterContext,
  type RollupParametersInput,
} from "../../deploy/parameters.js";
import { ZERO_ADDRESS } from "../../plugin/types.js";

const DEPLOYER = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
const DEV: ParameterContext = { preset: "dev", l1ChainId: 31337n, deployer: DEPLOYER };
const MAINNET: ParameterContext = { preset: "mainnet", l1ChainId: 1n, deployer: DEPLOYER };

function faults(input: object, context = DEV): string[] {
  try {
    resolveParameters(input, context);
  } catch (error) {
    if (error instanceof ParameterError)
      return error.issues.map(({ parameter, message }) => `${parameter}: ${message}`);
    throw error;
  }
  return [];
}

const COUNCIL = ["1", "2", "3", "4"].map((digit) => `0x${digit.repeat(40)}`);

describe("rollup parameters", () => {
  it("are complete without any input on a development chain", () => {
    const parameters = resolveParameters({}, DEV);
    expect(parameters.challengeWindow).to.equal(3600n);
    expect(parameters.guardian).to.equal(DEPLOYER);
    expect(parameters.upgrader).to.equal(DEPLOYER);
  });

  it("have a window of seven days on a real network, where only the chain id must be chosen", () => {
    expect(faults({}, MAINNET)).to.deep.equal([
      "l2ChainId: missing; choose a chain id that no other chain uses, for example 84532001",
    ]);
    expect(resolveParameters({ l2ChainId: 84532001 }, MAINNET).challengeWindow).to.equal(7n * 86_400n);
  });

  it("take times with units and amounts with units, exactly", () => {
    const parameters = resolveParameters(
      {
        challengeWindow: "2h",
        bondWithdrawalDelay: "5h",
        disputeBond: "7 gwei",
        sequencerBond: "1.5 ether",
        inboxCapacity: "4_096",
      },
      DEV,
    );
    expect(parameters.challengeWindow).to.equal(7200n);
    expect(parameters.sequencerBond).to.equal(1_500_000_000_000_000_000n);
    expect(parameters.inboxCapacity).to.equal(4096n);
    expect(parameters.disputeBond).to.equal(7_000_000_000n);
    expect(formatTime(7200n)).to.equal("2h");
    expect(formatTime(3601n)).to.equal("3601s");
  });

  it("bound a dispute by two clocks and an extension for each level, whatever the dissection", () => {
    const times = { proof: "fraud", disputeClock: 1_000n, disputeExtension: 7n } as const;
    const durations = [1n, 2n, 3n, 4n, 5n].map((dissectionBits) => disputeDuration({ ...times, dissectionBits }));
    expect(durations).to.deep.equal([40n, 20n, 14n, 10n, 8n].map((levels) => 2_000n + 7n * levels));
  });

  it("take accounts with roles as Safes, and keep in mind which were", () => {
    const [safe, other] = COUNCIL as [string, string];
    const given = { upgrader: `safe:${safe}`, guardian: other, cancellers: [` safe:${other}`, safe], council: COUNCIL };
    const { upgrader, guardian, cancellers } = resolveParameters(given, DEV);
    expect([upgrader, guardian, cancellers]).to.deep.equal([safe, other, [safe, other]]);
    expect(safesIn(given)).to.deep.equal([
      { parameter: "upgrader", address: safe },
      { parameter: "cancellers", address: other },
    ]);
    expect(faults({ cancellers: [safe, `safe:${safe}`] })).to.deep.equal([
      `cancellers: has ${safe} twice; each account once`,
    ]);
    for (const wrong of ["safe:", `safe:${ZERO_ADDRESS}`, "safe:0x12", `eoa:${safe}`]) {
      expect(faults({ guardian: wrong })).to.have.length(1);
    }
    expect(faults({ da: "committee", committeeMembers: [`safe:${safe}`] })[0]).to.match(
      /^committeeMembers: has "safe:/,
    );
  });

  it("know which chains are for development", () => {
    expect(presetFor(31337n)).to.equal("dev");
    expect([11_155_111n, 17_000n, 560_048n].map(presetFor)).to.deep.equal(["sepolia", "sepolia", "sepolia"]);
    expect([1n, 137n, 42_161n].map(presetFor)).to.deep.equal(["mainnet", "mainnet", "mainnet"]);
  });

  it("has nobody who calls off upgrades but the upgrader, and no council, unless they are named", () => {
    const { cancellers, council, councilThreshold } = resolveParameters({}, DEV);
    expect([cancellers, council, councilThreshold]).to.deep.equal([[], [], 0n]);
    const given = { cancellers: " ", council: COUNCIL.toReversed() };
    const named = resolveParameters(given, DEV);
    expect([named.cancellers, named.council, named.councilThreshold]).to.deep.equal([[], COUNCIL, 3n]);
  });

  describe("of a committee", () => {
    const [first, second, third] = [1, 2, 3].map((digit) => `0x${`${digit}`.repeat(40)}`) as [string, string, string];
    const committee = { da: "committee", committeeMembers: [third, first, second] };

    it("are its members in ascending order, two thirds of whom sign", () => {
      const of = (committeeMembers: string[]) => resolveParameters({ da: "committee", committeeMembers }, DEV);
      expect(of([third, first, second]).committeeMembers).to.deep.equal([first, second, third]);
      const thresholds = [1, 2, 3, 4, 5, 7, 10, 100].map((count) => {
        const members = Array.from({ length: count }, (_, i) => `0x${(i + 1).toString(16).padStart(40, "0")}`);
        return of(members).committeeThreshold;
      });
      expect(thresholds).to.deep.equal([1n, 2n, 2n, 3n, 4n, 5n, 7n, 67n]);
      expect(of([first]).committeeOverlap).to.equal(3600n);
      expect(resolveParameters({ ...committee, l2ChainId: 5 }, MAINNET).committeeOverlap).to.equal(86_400n);
    });

    it("may say where the members' servers are, which is no parameter of L1", () => {
      const members = `${first}=http://one:8550, ${second},${third}=https://three/dac?a=b`;
      const given = { da: "committee", committeeMembers: members };
      expect(resolveParameters(given, DEV)).to.deep.equal(resolveParameters(committee, DEV));
      expect(memberUrlsOf(given)).to.deep.equal({ [first]: "http://one:8550", [third]: "https://three/dac?a=b" });
      expect(memberUrlsOf({})).to.deep.equal({});
    });

    it("are empty without one", () => {
      const { committeeMembers, committeeKeys, committeeThreshold, committeeOverlap, ...others } = resolveParameters(
        {},
        DEV,
      );
      expect([committeeMembers, committeeKeys, committeeThreshold, committeeOverlap]).to.deep.equal([
        ...[[], ZERO_ADDRESS, 0n, 0n],
      ]);
      const { demandWindow, answerTime, answerMargin, demandBond } = others;
      expect([demandWindow, answerTime, answerMargin, demandBond]).to.deep.equal([0n, 0n, 0n, 0n]);
    });

    it("sign by BLS where their keys are said to be, by ECDSA where that is not said", () => {
      const keys = `0x${"4".repeat(40)}`;
      expect(resolveParameters(committee, DEV).committeeKeys).to.equal(ZERO_ADDRESS);
      expect(resolveParameters({ ...committee, committeeKeys: keys }, DEV).committeeKeys).to.equal(keys);
    });

    it("divide the challenge window among demands, answers and what is left to dispute them", () => {
      const times = (input: object) => {
        const { demandWindow, answerTime, answerMargin } = resolveParameters({ ...committee, ...input }, DEV);
        return [demandWindow, answerTime, answerMargin];
      };
      expect(times({})).to.deep.equal([1_200n, 1_200n, 1_200n]);
      expect(times({ challengeWindow: "10m" })).to.deep.equal([200n, 200n, 200n]);
      expect(times({ demandWindow: "50m", answerTime: "9m", answerMargin: "1m" })).to.deep.equal([3_000n, 540n, 60n]);
      const { demandBond } = resolveParameters({ ...committee, l2ChainId: 5 }, MAINNET);
      expect(demandBond).to.equal(7n * 10n ** 16n);
    });

    const faulty: [string, object, string][] = [
      [
        "no members",
        { da: "committee" },
        "committeeMembers: missing; name the accounts that hold batch data, for example 0x…=http://host:8550,0x…=http://host:8550,0x…",
      ],
      ["an empty list", { ...committee, committeeMembers: [] }, "committeeMembers: is empty; a committee has members"],
      [
        "a member that is no address",
        { ...committee, committeeMembers: `${first},0x12` },
        'committeeMembers: has "0x12"; a member is an address, or an address, = and the http URL of its server',
      ],
      [
        "the zero address as a member",
        { ...committee, committeeMembers: [ZERO_ADDRESS] },
        `committeeMembers: has "${ZERO_ADDRESS}"; a member is an address, or an address, = and the http URL of its server`,
      ],
      [
        "a URL that no server has",
        { ...committee, committeeMembers: [`${first}=ftp://one`] },
        `committeeMembers: has "${first}=ftp://one"; a member is an address, or an address, = and the http URL of its server`,
      ],
      [
        "a member twice",
        { ...committee, committeeMembers: [first, second, `${first}=http://one`] },
        `committeeMembers: has ${first} twice; each member once`,
      ],
      [
        "members that are no list",
        { ...committee, committeeMembers: 3 },
        "committeeMembers: is 3; a list of addresses",
      ],
      [
        "more members than bits of a word",
        {
          ...committee,
          committeeMembers: Array.from({ length: 257 }, (_, i) => `0x${(i + 1).toString(16).padStart(40, "0")}`),
        },
        "committeeMembers: has 257 members; at most 256",
      ],
      ["no time to answer", { ...committee, answerTime: 0 }, "answerTime: is 0; at least 1s"],
      ["a demand for nothing", { ...committee, demandBond: 5 }, "demandBond: is 5; at least 0.000000001 ether"],
      [
        "demands without a committee",
        { answerTime: "1h" },
        'answerTime: is given; only a rollup with da "committee" has it, not "calldata"',
      ],
      [
        "a threshold without a committee",
        { committeeThreshold: 2 },
        'committeeThreshold: is given; only a rollup with da "committee" has it, not "calldata"',
      ],
    ];
    for (const [what, input, line] of faulty) {
      it(`refuse ${what} in one line`, () => {
        expect(faults(input)).to.deep.equal([line]);
      });
    }
  });

  const wrong: [string, RollupParametersInput & Record<string, unknown>, string][] = [
    [
      "an unknown name",
      { challengeWindoww: "7d" },
      "challengeWindoww: no such parameter; did you mean challengeWindow?",
    ],
    ["a dissection without end", { dissectionBits: 0 }, "dissectionBits: is 0; at least 1"],
    ["a dissection too long for a transaction", { dissectionBits: 6 }, "dissectionBits: is 6; at most 5"],
    ["a clock that its storage does not hold", { disputeClock: "195d" }, 'disputeClock: is "195d"; at most 90d'],
    ["claims without a bond", { disputeBond: 0 }, "disputeBond: is 0; at least 0.000000001 ether"],
    [
      "a capacity that the bridge refuses",
      { inboxCapacity: 2n ** 32n },
      "inboxCapacity: is 4294967296; at most 2147483648",
    ],
    [
      "a chain id that wallets cannot hold",
      { l2ChainId: "9007199254740993" },
      'l2ChainId: is "9007199254740993"; at most 9007199254740991',
    ],
    [
      "a canceller who is nobody",
      { cancellers: [ZERO_ADDRESS] },
      `cancellers: has "${ZERO_ADDRESS}"; an address is 0x and 40 hex digits, not all zero`,
    ],
    [
      "a member of the council twice",
      { council: `${DEPLOYER}, ${DEPLOYER.toLowerCase()}` },
      `council: has ${DEPLOYER} twice; each account once`,
    ],
    [
      "an address with a typing error",
      { guardian: "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92267" },
      'guardian: is "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92267"; an address has 0x and 40 hex digits, with a right checksum where letters are mixed, and safe: before it where a Safe must be there',
    ],
    [
      "a time without a number",
      { challengeWindow: "soon" },
      'challengeWindow: is "soon"; seconds, or a number with s, m, h, d or w, for example "7d"',
    ],
    ["a negative number", { challengeWindow: -5 }, "challengeWindow: is -5; at least 1m"],
    [
      "a fraction of a second",
      { challengeWindow: 61.5 },
      'challengeWindow: is 61.5; seconds, or a number with s, m, h, d or w, for example "7d"',
    ],
    [
      "an amount below a wei",
      { sequencerBond: "0.5 wei" },
      'sequencerBond: is "0.5 wei"; whole wei, or a number with a unit, for example "1.5 ether"',
    ],
    ["another proof system", { proof: "trust" }, 'proof: is "trust"; this version knows "fraud", "validity"'],
    [
      "a clock for disputes that there are not",
      { proof: "validity", disputeClock: "1h" },
      'disputeClock: is given; only a rollup with proof "fraud" has it, not "validity"',
    ],
    [
      "a list",
      { challengeWindow: [7] },
      'challengeWindow: is [7]; seconds, or a number with s, m, h, d or w, for example "7d"',
    ],
    [
      "null",
      { challengeWindow: null },
      'challengeWindow: is null; seconds, or a number with s, m, h, d or w, for example "7d"',
    ],
  ] as [string, RollupParametersInput & Record<string, unknown>, string][];
  for (const [what, input, line] of wrong) {
    it(`refuse ${what} in one line`, () => {
      expect(faults(input)).to.deep.equal([line]);
    });
  }

  it("name every fault at once", () => {
    expect(faults({ proof: "zk", guardian: "me", wat: 1 })).to.have.length(3);
  });

  it("do not take names from the prototype of objects", () => {
    expect(faults({ toString: 1 })[0]).to.match(/^toString: no such parameter/);
  });
});
