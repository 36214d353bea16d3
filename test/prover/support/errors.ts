import { expect } from "chai";

/** The error with which the work fails; fails itself if it does not, or with another kind. */
export async function failure<E extends Error>(
  work: Promise<unknown>,
  kind: abstract new (...args: never[]) => E,
): Promise<E> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).instanceOf(kind);
  return error as E;
}
