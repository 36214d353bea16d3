import { ZERO_ADDRESS } from "../../../plugin/types.js";
import type { Duration, Finding, GasRow, Outcome, RehearsalReport, StepReport, TokenReport } from "../types.js";
import { amount, count, esc, eth, gwei, lines, moment, mono, table, time, transactionLink } from "./format.js";

type Tone = "good" | "note" | "bad";

const TONES: Readonly<Record<Outcome, Tone>> = {
  "as expected": "good",
  otherwise: "note",
  failed: "bad",
  skipped: "note",
};
const WORDS: Readonly<Record<Outcome, string>> = {
  "as expected": "as expected",
  otherwise: "with notes",
  failed: "failed",
  skipped: "left out",
};
/** So many transactions are in the page; all are in the JSON. */
const SHOWN_TRANSACTIONS = 600;

export function headline({ verdict, rehearsed, durations, transactions, gas, gasPrices }: RehearsalReport): string {
  const tone: Tone = verdict.ok ? (verdict.otherwise + verdict.skipped > 0 ? "note" : "good") : "bad";
  const deployment = gas
    .filter(({ kind }) => kind.startsWith("deploy: "))
    .reduce((sum, { sum: each }) => sum + each, 0n);
  const [, price = gasPrices[0] ?? 0n] = gasPrices;
  const kept = durations.filter(({ ok }) => ok).length;
  const fact = (value: string, what: string) => `<div class="fact"><b>${esc(value)}</b><span>${esc(what)}</span></div>`;
  return lines(
    `<h1>Rehearsal of a rollup on ${esc(nameOf(rehearsed.chainId))}</h1>`,
    `<p class="soft">On a fork after block ${count(rehearsed.block)} (${esc(moment(rehearsed.blockTime))}), by ${esc(rehearsed.package)} ${esc(rehearsed.packageVersion)}, ${esc(rehearsed.startedAt.slice(0, 10))}. Nothing was sent to the real chain.</p>`,
    `<div class="verdict ${tone}">${esc(verdict.line)}</div>`,
    `<div class="facts">`,
    fact(
      `${verdict.asExpected} of ${verdict.asExpected + verdict.otherwise + verdict.failed + verdict.skipped}`,
      "steps as expected",
    ),
    fact(time(rehearsed.l1Seconds), "of L1's time lived through"),
    fact(count(transactions.length), "transactions on L1"),
    fact(`${count(deployment)} gas`, `to deploy: ${eth(deployment * price)} ETH at ${gwei(price)} gwei`),
    fact(`${kept} of ${durations.length}`, "promised times kept"),
    `</div>`,
  );
}

export function findings({ findings: all, tokens }: RehearsalReport): string {
  if (all.length === 0) return "<p>Nothing: every comparison held, every refusal came where it had to.</p>";
  const symbols = new Map(tokens.map(({ address, symbol }) => [address, symbol]));
  return all.map((finding) => findingBox(finding, symbols)).join("\n");
}

function findingBox(
  { severity, step, what, meaning, expected, actual, error, transaction, token }: Finding,
  symbols: ReadonlyMap<string, string>,
): string {
  const isEssential = severity === "essential";
  const found =
    actual === undefined
      ? undefined
      : `found ${mono(actual)}${expected === undefined ? "" : `, expected ${mono(expected)}`}`;
  const evidence = [
    `step <a href="#step-${esc(step)}">${esc(step)}</a>`,
    ...(found === undefined ? [] : [found]),
    ...(token === undefined || token === ZERO_ADDRESS ? [] : [`token ${esc(symbols.get(token) ?? "")} ${mono(token)}`]),
    ...(transaction === undefined ? [] : [`transaction ${transactionLink(transaction)}`]),
  ];
  return lines(
    `<div class="finding ${severity}"><h3>${isEssential ? '<span class="tag bad">essential</span>' : '<span class="tag note">note</span>'} ${esc(what)}</h3>`,
    `<p>${esc(meaning)}</p>`,
    error === undefined ? undefined : `<p>${mono(error)}</p>`,
    `<p class="soft">${evidence.join(" · ")}</p></div>`,
  );
}

export function steps({ steps: all }: RehearsalReport): string {
  const rows = all.map((step) => [
    `<b>${esc(step.title)}</b>${storyOf(step)}`,
    `<span class="tag ${TONES[step.outcome]}">${WORDS[step.outcome]}</span>`,
    step.checks.length === 0 ? "" : `${step.checks.filter(({ ok }) => ok).length} of ${step.checks.length}`,
    esc(time(step.l1Seconds)),
    step.toBlock < step.fromBlock ? "" : `${count(step.fromBlock)}–${count(step.toBlock)}`,
  ]);
  const ids = all.map(({ id }) => `step-${id}`);
  return table(["Step", "Outcome", "#Comparisons that held", "#L1 time", "#Blocks of the fork"], rows, { ids });
}

function storyOf({ story, checks }: StepReport): string {
  if (story.length + checks.length === 0) return "";
  const told = story.map((line) => `<li>${esc(line)}</li>`).join("");
  const compared = checks.map(
    ({ what, ok, actual }) => `<li class="check">${ok ? "✓" : "✗"} ${esc(what)}: ${mono(actual)}</li>`,
  );
  return `<details><summary>what happened</summary><ul class="story">${told}${compared.join("")}</ul></details>`;
}

export function tokens({ tokens: all }: RehearsalReport): string {
  return table(
    ["Token", "What it is", "#Paid and credited", "Withdrawals", "#Bridge held and owed", "#Escaped and left"],
    all.map(tokenRow),
  );
}

function tokenRow(token: TokenReport): string[] {
  const { address, symbol, decimals, traits, absent, deposit, withdrawals, bridge, escape } = token;
  const show = (value: bigint) => amount(value, decimals);
  const credits = withdrawals.filter(({ credited }) => credited > 0n).length;
  const paid = withdrawals.length - credits;
  return [
    `<b>${esc(symbol)}</b>`,
    [
      ...(address === ZERO_ADDRESS ? [] : [mono(address)]),
      ...traits.map(esc),
      ...(absent === undefined ? [] : [`<span class="tag note">takes no part</span> ${esc(absent)}`]),
    ].join("<br>"),
    deposit === undefined ? "" : `${show(deposit.paid)}<br>${show(deposit.credited)}`,
    withdrawals.length === 0 ? "" : `${paid} paid${credits === 0 ? "" : `, ${credits} waited as a credit`}`,
    bridge === undefined ? "" : `${show(bridge.held)}<br>${show(bridge.owed)}`,
    escape === undefined ? "" : `${show(escape.takenOut)}<br>${show(escape.leftBehind)}`,
  ];
}

export function durations({ durations: all }: RehearsalReport): string {
  return table(
    ["What", "#Measured", "#Promised", "The promise follows from", ""],
    all.map((each) => [
      `<b>${esc(each.what)}</b><br><span class="soft">${transactionLink(each.from)} → ${transactionLink(each.to)}</span>${barOf(each)}`,
      esc(time(each.measured)),
      `at ${each.bound} ${esc(time(each.promised))}`,
      esc(each.because),
      `<span class="tag ${each.ok ? "good" : "bad"}">${each.ok ? "kept" : "broken"}</span>`,
    ]),
  );
}

function barOf({ measured, promised }: Duration): string {
  const most = Number(measured > promised ? measured : promised);
  const share = (value: bigint) => (most === 0 ? 0 : Math.round((Number(value) / most) * 98));
  return `<div class="bar"><i style="width:${share(measured)}%"></i><b style="left:${share(promised)}%"></b></div>`;
}

export function gas({ gas: rows, gasPrices }: RehearsalReport): string {
  const [base = 0n, ...prices] = gasPrices;
  const headings = [
    ...["Transaction", "#Count", "#Least", "#Mean", "#Most"],
    ...[base, ...prices].map((price, i) => `#ETH at ${gwei(price)} gwei${i === 0 ? ", the fork's" : ""}`),
  ];
  const costs = (used: bigint) => gasPrices.map((price) => eth(used * price));
  const sumOf = (some: readonly GasRow[]) => some.reduce((sum, { sum: each }) => sum + each, 0n);
  const tables = GAS_GROUPS.map(([group, title]) => {
    const some = rows.filter((row) => row.group === group);
    if (some.length === 0) return undefined;
    const body = some.map(({ kind, count: times, failed, min, mean, max }) => [
      esc(kind.replace("deploy: ", "")),
      `${count(times)}${failed === 0 ? "" : ` + ${count(failed)} failed`}`,
      ...[count(min), count(mean), count(max)],
      ...costs(mean),
    ]);
    const all = sumOf(some);
    const sum = ["<b>All of these</b>", "", "", `<b>${count(all)}</b>`, "", ...costs(all)];
    return `<h3>${title}</h3>${table(headings, [...body, sum])}`;
  });
  return lines(
    "<p>Of every transaction that was mined, by receipts. Costs are of the mean; fees of blobs and priority are not in them.</p>",
    ...tables,
  );
}

const GAS_GROUPS: readonly (readonly [GasRow["group"], string])[] = [
  ["users", "What users send"],
  ["operators", "What sequencers and provers send"],
  ["disputes", "Disputes, the liar's side as well"],
  ["upgrades", "Upgrades, new code included"],
  ["deployment", "The deployment"],
  ["around", "Around it: approvals, loans of tokens, blocklists"],
];

export function rehearsed({
  rehearsed: facts,
  warnings,
  roles,
  parameters,
  contracts,
  audit,
}: RehearsalReport): string {
  return lines(
    table(
      ["", ""],
      [
        ["Chain", esc(nameOf(facts.chainId))],
        ["Forked after block", `${count(facts.block)} ${mono(facts.blockHash)}, ${esc(moment(facts.blockTime))}`],
        ["Base fee of that block", `${gwei(facts.baseFee)} gwei`],
        ["Node", esc(facts.node)],
        [
          "Preset and parameter file",
          `${esc(facts.preset)}, ${facts.parameterFile === undefined ? "no file" : mono(facts.parameterFile)}`,
        ],
        ["Deployer", mono(facts.deployer)],
        ["Package", `${esc(facts.package)} ${esc(facts.packageVersion)}`],
        ["Took", `${facts.seconds.toFixed(1)} s, ${esc(time(facts.l1Seconds))} of L1's time`],
      ],
    ),
    warnings.length === 0
      ? undefined
      : `<h3>What deserves a second thought</h3><ul class="story">${warnings.map((each) => `<li>${esc(each)}</li>`).join("")}</ul>`,
    "<h3>Who may do what</h3>",
    table(
      ["Role", "Account", "What is there on the real chain"],
      roles.map(({ role, account, holder }) => [esc(role), mono(account), esc(holder)]),
    ),
    "<h3>Parameters</h3>",
    table(
      ["Parameter", "Value", "Meaning"],
      parameters.map(({ name, value, about }) => [mono(name), esc(value), esc(about)]),
    ),
    `<h3>Contracts</h3><p>${audit.checks - audit.failed.length} of ${audit.checks} things read back from the chain were as they should be: code, proxies, owners, roles, every parameter.</p>`,
    table(
      ["Contract", "Address on the fork"],
      contracts.map(({ name, address }) => [esc(name), mono(address)]),
    ),
  );
}

export function transactions({ transactions: all }: RehearsalReport): string {
  const shown = all.slice(0, SHOWN_TRANSACTIONS);
  const rest = all.length - shown.length;
  return lines(
    `<p>They are on the fork only, which is gone; the same command makes them again. ${rest > 0 ? `The other ${count(rest)} are in report.json.` : ""}</p>`,
    `<details class="check"><summary>${count(shown.length)} transactions</summary>`,
    table(
      ["#Block", "Time", "Transaction", "What", "Step", "#Gas"],
      shown.map(({ hash, block, time: at, kind, step, gasUsed, ok }) => [
        count(block),
        esc(moment(at)),
        mono(hash),
        `${esc(kind)}${ok ? "" : ' <span class="tag bad">failed</span>'}`,
        esc(step),
        count(gasUsed),
      ]),
      { ids: shown.map(({ hash }) => hash) },
    ),
    "</details>",
  );
}

const CHAINS: ReadonlyMap<bigint, string> = new Map([
  [1n, "Ethereum"],
  [11_155_111n, "Sepolia"],
  [560_048n, "Hoodi"],
]);

export function nameOf(chainId: bigint): string {
  const name = CHAINS.get(chainId);
  return name === undefined ? `chain ${chainId}` : `${name} (chain ${chainId})`;
}
