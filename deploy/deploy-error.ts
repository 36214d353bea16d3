/** A deployment could not go on; the same command continues it once the cause is gone. */
export class DeployError extends Error {
  constructor(
    readonly step: string,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = "DeployError";
  }
}
