/** Another process, or another sequencer of this one, has the store open. */
export class StoreLockedError extends Error {
  override readonly name = "StoreLockedError";
  constructor(
    readonly path: string,
    options?: ErrorOptions,
  ) {
    super(`the store at ${path} is in use; stop the process that has it open or choose another directory`, options);
  }
}

/** The store cannot be opened or written. */
export class StoreError extends Error {
  override readonly name = "StoreError";
}
