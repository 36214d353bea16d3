/** A guest program that the machine does not execute. */
export class GuestRefusedError extends Error {
  override readonly name = "GuestRefusedError";

  constructor(
    /** Name or index of the function, or the part of the module. */
    readonly where: string,
    /** What is wrong there. */
    readonly problem: string,
    /** What would be right. */
    readonly hint: string,
    /** The opcode, where one is the reason. */
    readonly opcode?: number,
  ) {
    super(`guest refused: ${where}: ${problem}; ${hint}`);
  }
}

/** A witness that proves nothing: too short, too long, or against another root. */
export class WitnessMalformedError extends Error {
  override readonly name = "WitnessMalformedError";

  constructor(readonly reason: string) {
    super(`malformed witness: ${reason}`);
  }
}

/** An engine could not go on although the machine could; never a result. */
export class ExecutorFaultError extends Error {
  override readonly name = "ExecutorFaultError";
}
