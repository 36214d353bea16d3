import { expect } from "chai";

import { channelDigests, channelIdOf } from "../../plugin/channel/hashes.js";
import { encodeOutcome } from "../../plugin/channel/outcome.js";
import type { Outcome } from "../../plugin/channel/types.js";
import { type Content, knownState } from "../../plugin/channel/state.js";
import { encodeMessage, MAX_MESSAGE_BYTES, type Part } from "../../plugin/channel/wire.js";
import type { Hex } from "../../plugin/types.js";
import { DOMAIN } from "./support/fake-l1.js";
import { randomFrom } from "./support/faults.js";
import { calm, ETH, openWorld, paramsOf, person, type World } from "./support/world.js";

// Participant 1 lies; participant 0 has our client. Turn 2 is participant 0's to propose, turn 3 is the liar's.
const [ALICE, LIAR] = [0, 1];
const digests = channelDigests(DOMAIN);

describe("channel client among hostile participants", () => {
  let world: World;
  let id: Hex;
  beforeEach(async () => {
    world = await openWorld(2);
    id = channelIdOf(DOMAIN, world.params);
    await alice().pay({ to: 1, amount: 100n });
    await calm(world.parties);
    // From here on the liar speaks for itself.
    await world.parties[LIAR]!.client.close();
  });
  afterEach(() => world.close());

  const alice = () => world.parties[ALICE]!.client.channel(id);
  const turn = (): bigint => alice().latest!.state.turnNum;
  const current = (): Content => ({ isFinal: false, appData: "0x", outcome: alice().latest!.outcome });

  /** The same with other amounts of ETH, by participant. */
  function moved(change: (amount: bigint, i: number) => bigint): Content {
    const outcome: Outcome = alice().outcome!.map((entry) =>
      entry.asset !== ETH
        ? entry
        : { ...entry, allocations: entry.allocations.map((one, i) => ({ ...one, amount: change(one.amount, i) })) },
    );
    return { ...current(), outcome: encodeOutcome(outcome) };
  }

  function state(turnNum: bigint, content: Content, signers: readonly number[], channel = id): Part {
    const { hash } = knownState(channel, turnNum, content, []);
    const signature = (i: number) => person(i).sign(digests.ofStateHash(hash));
    return {
      kind: "state",
      turnNum,
      content,
      signatures: [0, 1].map((i) => (signers.includes(i) ? signature(i) : undefined)),
    };
  }

  const message = (parts: readonly Part[], from = LIAR, signer = LIAR, channel = id): Uint8Array =>
    encodeMessage({ channelId: channel, from, parts }, (body) => person(signer).sign(digests.message(channel, body)));

  const liar = () => world.network.join(person(LIAR).address);
  const heard: Uint8Array[] = [];

  /** What alice reports of it. */
  async function say(bytes: Uint8Array): Promise<string> {
    const { reports, client } = world.parties[ALICE]!;
    reports.length = 0;
    const wire = liar();
    wire.onMessage((answer) => heard.push(answer) > 0);
    await wire.send(client.address, bytes, AbortSignal.timeout(1_000)).catch(() => undefined);
    await calm([world.parties[ALICE]!]);
    return reports.map((report) => ("reason" in report ? `${report.kind}: ${report.reason}` : report.kind)).join("; ");
  }

  const assets = (change: (outcome: Outcome) => Outcome): Content => ({
    ...current(),
    outcome: encodeOutcome(change(alice().outcome!)),
  });
  const bad: [string, string, () => Content][] = [
    [
      "takes from it",
      "the entitlement of participant 0 falls",
      () => moved((amount, i) => amount + (i === 0 ? -1n : 1n)),
    ],
    ["makes money", "was 2000 and would be 2001", () => moved((amount, i) => amount + BigInt(i))],
    ["burns money", "was 2000 and would be 1999", () => moved((amount, i) => amount - BigInt(i))],
    ["changes the app data", "does not change the app data", () => ({ ...current(), appData: "0x01" })],
    ["drops an asset", "must keep its 2", () => assets((outcome) => outcome.slice(1))],
    [
      "reorders allocations",
      "is another one",
      () => assets((outcome) => outcome.map((one) => ({ ...one, allocations: one.allocations.toReversed() }))),
    ],
  ];
  for (const [what, reason, content] of bad) {
    it(`signs no proposal that ${what}`, async () => {
      const report = await say(message([state(3n, content(), [LIAR])]));
      expect(report)
        .to.match(/^refusal: /)
        .and.to.contain(reason);
      expect(turn()).to.equal(2n);
    });
  }

  it("takes a good proposal from it", async () => {
    expect(
      await say(
        message([
          state(
            3n,
            moved((amount, i) => amount + (i === 0 ? 1n : -1n)),
            [LIAR],
          ),
        ]),
      ),
    ).to.equal("supported");
    expect(turn()).to.equal(3n);
  });

  it("stays where it is, whatever turn, channel, signer or signature a state has", async () => {
    const good = moved((amount, i) => amount + (i === 0 ? 1n : -1n));
    const other = channelIdOf(DOMAIN, paramsOf(2, 2n));
    const attempts: [string, Uint8Array][] = [
      ["", message([state(2n, good, [LIAR])])],
      ["", message([state(1n, good, [LIAR])])],
      ["", message([state(4n, good, [LIAR])])],
      ["", message([state(9_007_199_254_740_991n, good, [LIAR])])],
      ["rejected: a proposal needs the signature of its mover", message([state(3n, good, [])])],
      [
        "rejected: the signature of participant 1 under turn 3 is not its own",
        message([state(3n, good, [LIAR], other)]),
      ],
      [`malformed: there is no channel ${other} here`, message([state(3n, good, [LIAR], other)], LIAR, LIAR, other)],
      [
        "rejected: it says that it comes from somebody who is no other participant",
        message([state(3n, good, [LIAR])], ALICE),
      ],
      [
        "rejected: it says that it comes from somebody who is no other participant",
        message([state(3n, good, [LIAR])], 7),
      ],
      [
        "rejected: the countersignature is not its own",
        message([{ kind: "sign", stateHash: id, signature: `0x${"11".repeat(64)}` }]),
      ],
      ["malformed: participant 1 did not sign it", message([{ kind: "request", turnNum: 3n, content: good }], LIAR, 5)],
      ["malformed: participant 1 did not sign it", message([{ kind: "refuse", hash: id, reason: "no" }], LIAR, 5)],
      [
        "rejected: the bytes are no outcome in the exit format, have assets of another type than ERC-20, or are not encoded in the one way",
        message([{ ...state(3n, good, [LIAR]), content: { ...good, outcome: "0x1234" } } as Part]),
      ],
    ];
    const whole = state(3n, good, [LIAR]) as Extract<Part, { kind: "state" }>;
    const short = { ...whole, signatures: whole.signatures.slice(1) };
    attempts.push(["rejected: a state has one signature, or none, for each participant", message([short])]);
    // A high s: the same signer, but L1 would not take it.
    const [r, s] = [whole.signatures[1]!.slice(2, 66), BigInt(`0x${whole.signatures[1]!.slice(66)}`)];
    const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
    const flipped = (order - (s & ((1n << 255n) - 1n))).toString(16).padStart(64, "0");
    const malleable = { ...whole, signatures: [undefined, `0x${r}${flipped}` as Hex] };
    attempts.push(["rejected: the signature of participant 1 under turn 3 is not its own", message([malleable])]);
    for (const [report, bytes] of attempts) {
      expect(await say(bytes)).to.equal(report);
      expect(turn()).to.equal(2n);
    }
    expect(await say(message([state(3n, good, [LIAR])]))).to.equal("supported");
  });

  it("shows who signs two states of one turn, and signs the first", async () => {
    const [one, two] = [
      moved((amount, i) => amount + (i === 0 ? 1n : -1n)),
      moved((amount, i) => amount + (i === 0 ? 2n : -2n)),
    ];
    // Refused, so that it waits for its mover's next word.
    await say(
      message([
        state(
          3n,
          moved((amount, i) => amount + (i === 0 ? -1n : 1n)),
          [LIAR],
        ),
      ]),
    );
    for (const content of [one, two]) expect(await say(message([state(3n, content, [LIAR])]))).to.equal("equivocation");
    expect(turn()).to.equal(2n);
  });

  it("proposes nothing for another one that costs itself", async () => {
    await say(
      message([
        state(
          3n,
          moved((amount, i) => amount + (i === 0 ? 1n : -1n)),
          [LIAR],
        ),
      ]),
    );
    const takes = moved((amount, i) => amount + (i === 0 ? -1n : 1n));
    expect(await say(message([{ kind: "request", turnNum: 4n, content: takes }]))).to.equal(
      "refusal: the entitlement of participant 0 falls, who did not ask for it",
    );
    expect(alice().pending).to.equal(undefined);
  });

  it("takes back what it asked for when that is refused, and signs it no more", async () => {
    const asked = alice().pay({ to: 1, amount: 7n });
    const pays = moved((amount, i) => amount + (i === 0 ? -7n : 7n));
    await calm([world.parties[ALICE]!]);
    const { hash } = knownState(id, 3n, pays, []);
    const failed = asked.then(
      () => "paid",
      (error: unknown) => (error as Error).message,
    );
    await say(message([{ kind: "refuse", hash, reason: "not today" }]));
    expect(await failed).to.match(/participant 1 refuses: not today/);
    expect(await say(message([state(3n, pays, [LIAR])]))).to.match(/^refusal: the entitlement of participant 0 falls/);
  });

  it("answers for no more than a message may hold, and lives through any bytes", async () => {
    const random = randomFrom(7);
    const good = message([
      state(
        3n,
        moved((amount, i) => amount + (i === 0 ? 1n : -1n)),
        [LIAR],
      ),
    ]);
    const many = message(Array.from({ length: 17 }, () => ({ kind: "sync", turnNum: 1n }) as const));
    expect(await say(many)).to.equal("malformed: parts must be a list of at most 16");
    expect(await say(new Uint8Array(MAX_MESSAGE_BYTES + 1))).to.match(/^malformed: longer than/);
    const huge: Content = { ...current(), appData: `0x${"00".repeat(65_537)}` };
    expect(await say(message([{ kind: "request", turnNum: 3n, content: huge }]))).to.match(
      /^malformed: appData must be/,
    );
    for (let i = 0; i < 300; i++) {
      const bytes = good.slice(0, random() < 0.2 ? Math.floor(random() * good.length) : good.length);
      for (let flips = 1 + Math.floor(random() * 4); flips > 0; flips--) {
        bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
      }
      await liar()
        .send(person(ALICE).address, bytes, AbortSignal.timeout(1_000))
        .catch(() => undefined);
    }
    await calm([world.parties[ALICE]!]);
    expect(world.parties[ALICE]!.reports.filter(({ kind }) => kind === "fault")).to.deep.equal([]);
    await say(good);
    expect(turn()).to.equal(3n);
  });
});
