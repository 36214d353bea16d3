/** The error that `promise` ends in; throws when it does not. */
export async function failure(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof Error) return error;
    throw new Error(`expected an Error, got ${typeof error}`, { cause: error });
  }
  throw new Error("expected a failure");
}
