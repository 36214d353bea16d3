/** Sizes of code, in bytes, with what is left to each limit. */

export interface Size {
  contract: string;
  runtime: number;
  /** Without the constructor's arguments. */
  init: number;
}

/** Ours: room for a correction that adds code. */
const OURS = 20_000;
/** EIP-170: runtime code. */
const EIP_170 = 24_576;
/** EIP-3860: init code with the constructor's arguments. */
const EIP_3860 = 49_152;

const number = (value: number) => value.toLocaleString("en-US");

/** One line for each contract. */
export function sizesText(sizes: Size[]): string {
  const lines = sizes.map(
    ({ contract, runtime, init }) =>
      `  ${contract.padEnd(40)} runtime ${number(runtime).padStart(6)}, left ${number(OURS - runtime).padStart(6)} of ours,` +
      ` ${number(EIP_170 - runtime).padStart(6)} of EIP-170; init ${number(init).padStart(6)},` +
      ` left ${number(EIP_3860 - init).padStart(6)} of EIP-3860`,
  );
  return ["bytes of code", ...lines.sort(), ""].join("\n");
}

/** One line for each limit that is passed. */
export function sizeProblems(sizes: Size[]): string[] {
  return sizes.flatMap(({ contract, runtime, init }) => [
    ...(runtime > OURS ? [`${contract}: ${number(runtime)} bytes of runtime code, more than ${number(OURS)}`] : []),
    ...(init > EIP_3860 ? [`${contract}: ${number(init)} bytes of init code, more than ${number(EIP_3860)}`] : []),
  ]);
}
