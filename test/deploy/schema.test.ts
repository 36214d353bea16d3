import Ajv from "ajv";
import { expect } from "chai";

import { PARAMETER_NAMES, PARAMETERS, parseOne } from "../../deploy/parameters.js";
import { unitNumbers, wholeNumbers } from "../../deploy/parameters/patterns.js";
import { parameterSchema } from "../../deploy/parameters/schema.js";
import { createRandom } from "../ledger/random.js";

const random = createRandom(0x5c4e);
const INPUTS = 400;

type Name = (typeof PARAMETER_NAMES)[number];

const validate = new Ajv().compile(parameterSchema());

function schemaAccepts(file: object): boolean {
  return validate(file) === true;
}

const pick = <T>(values: readonly T[]): T => random.pick(values);

function address(): string {
  return `0x${Array.from({ length: 40 }, () => pick([..."0123456789abcdef"])).join("")}`;
}

const KINDLESS = [null, true, {}, [], [1], [null], "", " ", "-", "0x", 1.5, -1, 2 ** 60, "1e3", "٣", "soon", ["1"]];

/** A number near a bound of the parameter, or anywhere, as a file may spell it. */
function numberInput(name: Name): unknown {
  const { min = 0n, max = 2n ** 53n } = PARAMETERS[name];
  const near = pick([min, max, min, max, (min + max) / 2n, 0n, 10n ** BigInt(random.int(27))]);
  const value = near + BigInt(random.int(5) - 2);
  const unit = pick(["", "", "s", "m", "h", "d", "w", "wei", "gwei", "ether", "eth", "ETH", "x"]);
  const size = SIZES[unit] ?? 1n;
  const whole = value < 0n ? value : value / size + BigInt(random.int(3) - 1);
  const part = value < 0n ? 0n : value % size;
  const fraction = pick([
    "",
    "",
    ".",
    ".0",
    `.${part}`,
    `.${part.toString().padStart(size.toString().length - 1, "0")}`,
  ]);
  const digits = `${pick(["", "", "", "0", "00", "0_", "_"])}${pick([whole.toString(), grouped(whole)])}`;
  const space = () => pick(["", "", "", " ", "\t", "  "]);
  return pick<unknown>([
    value >= -(2n ** 53n) && value <= 2n ** 53n ? Number(value) : value.toString(),
    value.toString(),
    `${space()}${digits}${fraction}${space()}${unit}${space()}`,
    `${digits}${fraction} ${unit}`,
    `${digits}${unit}`,
  ]);
}

const SIZES: Readonly<Record<string, bigint>> = {
  ...{ s: 1n, m: 60n, h: 3_600n, d: 86_400n, w: 604_800n },
  ...{ wei: 1n, gwei: 10n ** 9n, ether: 10n ** 18n, eth: 10n ** 18n },
};

function grouped(value: bigint): string {
  return value.toString().replace(/(\d)(?=(?:\d{3})+$)/g, pick(["$1_", "$1", "$1__"]));
}

function accountInput(): string {
  const zero = `0x${"0".repeat(40)}`;
  return `${pick(["", "", "", "safe:", "Safe:", " "])}${pick([address(), address(), address(), zero, "0x12", "me"])}`;
}

function memberInput(): string {
  return `${accountInput()}${pick(["", "", "=http://host:1", "=https://host/a?b=c", "=ftp://host", "=", "=http://", "=http://a b"])}`;
}

function listInput(entry: () => string, max: bigint): unknown {
  const length = pick([0, 1, 2, 3, Number(max), Number(max) + 1]);
  // Many good ones: a single bad one decides.
  const entries = Array.from({ length }, () => (length > 3 ? address() : entry()));
  return pick<unknown>([
    entries,
    entries,
    entries.join(","),
    entries.join(pick([", ", ",,", ";", " "])),
    ` ${entries.join()}`,
  ]);
}

function inputFor(name: Name): unknown {
  if (random.int(8) === 0) return pick(KINDLESS);
  const { kind, max = 0n, choices = [] } = PARAMETERS[name];
  if (kind === "choice") return pick([...choices, "zk", "Fraud"]);
  if (kind === "address") return accountInput();
  if (kind === "accounts") return listInput(accountInput, max);
  if (kind === "members") return listInput(memberInput, max);
  return numberInput(name);
}

describe("the schema of parameter files", () => {
  for (const name of PARAMETER_NAMES) {
    it(`accepts of ${name} what the parser accepts, and nothing else`, () => {
      let accepted = 0;
      for (let i = 0; i < INPUTS; i++) {
        const input = inputFor(name);
        const parsed = parseOne(PARAMETERS[name], input);
        const fault = "fault" in parsed ? parsed.fault : undefined;
        expect(schemaAccepts({ [name]: input }), `${JSON.stringify(input)}: ${fault}`).to.equal(fault === undefined);
        if (fault === undefined) accepted += 1;
      }
      expect(accepted).to.be.within(INPUTS / 20, INPUTS - INPUTS / 20);
    });
  }

  it("knows bounds to the wei, in every unit, with fractions", () => {
    const pattern = new RegExp(`^${unitNumbers(1_500n, 70_000n, 3)}$`);
    for (const value of [
      "1.5",
      "1.500",
      "01.5",
      "1.501",
      "1.6",
      "2",
      "9.999",
      "69.999",
      "70",
      "70.0",
      "70.000",
      "1_0",
    ]) {
      expect(pattern.test(value), value).to.equal(true);
    }
    for (const value of ["1.499", "1.4", "1", "0.5", "70.001", "70.1", "71", "1.5000", "2.", "700", "1__0"]) {
      expect(pattern.test(value), value).to.equal(false);
    }
    const bounds = [0n, 5n, 9n, 10n, 60n, 99n, 100n, 126n, 4_095n].flatMap((low) => {
      return [low, low + 1n, low + 90n, low * 10n + 7n, 9_999n]
        .filter((high) => high >= low)
        .map((high) => [low, high]);
    }) as [bigint, bigint][];
    for (const [low, high] of bounds) {
      const range = new RegExp(`^${wholeNumbers(low, high)}$`);
      for (let value = 0n; value < 11_000n; value += value < 200n ? 1n : 7n) {
        expect(range.test(value.toString()), `${value} in ${low} to ${high}`).to.equal(value >= low && value <= high);
      }
      expect([low - 1n, low, high, high + 1n].map((value) => range.test(value.toString()))).to.deep.equal([
        false,
        true,
        true,
        false,
      ]);
    }
  });

  it("leaves to the parser what only that can know: checksums, accounts named twice, the rest of a URL", () => {
    const [one = "", two = ""] = [address(), address()];
    const wrongChecksum = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92267";
    for (const [name, input] of [
      ["guardian", wrongChecksum],
      ["council", [one, `safe:${one}`]],
      ["committeeMembers", `${one}=http://a,${two},${one}`],
      ["committeeMembers", [`${one}=http://[`]],
    ] as const) {
      expect(schemaAccepts({ [name]: input })).to.equal(true);
      expect(parseOne(PARAMETERS[name], input)).to.have.property("fault");
    }
  });

  it("knows presets and its own place, and no other names", () => {
    const { properties } = parameterSchema() as { properties: Record<string, { description: string }> };
    expect(schemaAccepts({ $schema: "./x.json", preset: "mainnet", l2ChainId: 5 })).to.equal(true);
    for (const file of [{ preset: "production" }, { $schema: 1 }, { wat: 1 }, [], "7d"]) {
      expect(schemaAccepts(file as object)).to.equal(false);
    }
    expect(Object.keys(properties)).to.deep.equal(["$schema", "preset", ...PARAMETER_NAMES]);
    expect(properties.upgradeDelay?.description).to.equal(
      "delay of every upgrade. Default: 3d (dev), 7d (sepolia), 50d (mainnet)",
    );
  });
});
