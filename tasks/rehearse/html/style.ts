/** Light and dark, on paper as well; nothing from elsewhere. */
export const STYLE = `
:root { color-scheme: light dark; --ink: #16202c; --soft: #5b6877; --page: #ffffff; --box: #f5f7fa; --line: #dde3ea;
  --good: #12703c; --good-box: #e6f5ec; --note: #8a5a00; --note-box: #fdf3dd; --bad: #b3261e; --bad-box: #fdeceb; --bar: #3b6fd4; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e9ef; --soft: #9aa7b5; --page: #10161d; --box: #18212b; --line: #2c3846;
  --good: #6fd39a; --good-box: #12301f; --note: #f0c060; --note-box: #33270d; --bad: #ff8f86; --bad-box: #3a1614; --bar: #6f9df0; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 15px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
main { max-width: 1080px; margin: 0 auto; padding: 32px 24px 64px; }
h1 { font-size: 26px; line-height: 1.25; margin: 0 0 4px; letter-spacing: -0.01em; }
h2 { font-size: 19px; margin: 40px 0 10px; padding-top: 8px; border-top: 1px solid var(--line); }
p { margin: 6px 0 12px; max-width: 80ch; }
a { color: inherit; text-decoration-color: var(--soft); text-underline-offset: 2px; }
.soft { color: var(--soft); }
code, .hash { font: 12.5px/1.4 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; overflow-wrap: anywhere; }
.verdict { margin: 20px 0; padding: 16px 20px; border-radius: 10px; border-left: 6px solid; font-size: 18px; font-weight: 600; }
.verdict.good { background: var(--good-box); border-color: var(--good); color: var(--good); }
.verdict.note { background: var(--note-box); border-color: var(--note); color: var(--note); }
.verdict.bad { background: var(--bad-box); border-color: var(--bad); color: var(--bad); }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(160px, 1fr)); gap: 12px; margin: 16px 0; }
.fact { background: var(--box); border-radius: 10px; padding: 12px 14px; }
.fact b { display: block; font-size: 20px; line-height: 1.3; }
.fact span { color: var(--soft); font-size: 13px; }
.finding { border: 1px solid var(--line); border-left: 5px solid var(--note); border-radius: 8px; padding: 10px 14px; margin: 10px 0; break-inside: avoid; }
.finding.essential { border-left-color: var(--bad); }
.finding h3 { margin: 0 0 2px; font-size: 15px; }
.finding p { margin: 2px 0; }
.tag { display: inline-block; padding: 0 8px; border-radius: 99px; font-size: 12.5px; font-weight: 600; white-space: nowrap; }
.tag.good { background: var(--good-box); color: var(--good); }
.tag.note { background: var(--note-box); color: var(--note); }
.tag.bad { background: var(--bad-box); color: var(--bad); }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 13.5px; }
th, td { text-align: left; vertical-align: top; padding: 6px 10px 6px 0; border-bottom: 1px solid var(--line); }
th { color: var(--soft); font-weight: 600; vertical-align: bottom; }
h3 { font-size: 15px; margin: 22px 0 4px; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; padding-left: 10px; }
td.n, .hash { white-space: nowrap; }
td code { font-size: 12px; }
tr:target td { background: var(--note-box); }
details { margin: 6px 0; }
summary { cursor: pointer; color: var(--soft); }
ul.story { margin: 4px 0; padding-left: 18px; overflow-wrap: anywhere; }
.bar { height: 8px; border-radius: 4px; background: var(--box); position: relative; min-width: 160px; margin-top: 6px; }
.bar i { position: absolute; inset: 0 auto 0 0; border-radius: 4px; background: var(--bar); min-width: 3px; }
.bar b { position: absolute; top: -3px; bottom: -3px; width: 2px; background: var(--ink); }
footer { margin-top: 48px; color: var(--soft); font-size: 13px; }
@media print { body { font-size: 11px; } main { max-width: none; padding: 0; } h2 { break-after: avoid; } tr { break-inside: avoid; }
  .verdict, .tag, .fact, .bar, .bar i { print-color-adjust: exact; } details::details-content { content-visibility: visible; height: auto; }
  summary, .check { display: none; } .wide { overflow: visible; } code, .hash { font-size: 9px; } }
`;
