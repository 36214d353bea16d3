import { type Connection, createConnection } from "./env.js";
import { type Actors, actorsOf, deploySuite, type Suite, type SuiteParameters } from "./suite.js";

/** A deployed suite and the L1 that it stands on. */
export type World = Suite & { connection: Connection };

/**
 * Deploys the suite once for a `describe` and puts L1 back to just after before each of its tests.
 * @param overrides Parameters that differ from the defaults.
 * @returns Gives the world inside a test.
 */
export function useWorld(overrides: (actors: Actors) => Partial<SuiteParameters> = () => ({})): () => World {
  return useDeployed(async (connection) => ({
    ...(await deploySuite(connection, overrides(await actorsOf(connection)))),
    connection,
  }));
}

/** Deploys once for a `describe` and puts L1 back to just after before each of its tests. */
export function useDeployed<T>(deploy: (connection: Connection) => Promise<T>): () => T {
  let connection: Connection | undefined;
  let world: T | undefined;

  async function deployed(): Promise<T> {
    if (connection === undefined) throw new Error("no connection: use the world inside a test");
    return deploy(connection);
  }

  before(async () => {
    connection = await createConnection();
  });
  beforeEach(async () => {
    world = await connection?.networkHelpers.loadFixture(deployed);
  });
  after(async () => {
    await connection?.close();
  });

  return () => {
    if (world === undefined) throw new Error("no world yet: use it inside a test");
    return world;
  };
}

/** Makes the next transaction's block have exactly this time, in seconds. */
export async function nextBlockAt(world: World, timestamp: bigint): Promise<void> {
  await world.connection.networkHelpers.time.setNextBlockTimestamp(timestamp);
}

/** L1 time of the last block, in seconds. */
export async function now(world: World): Promise<bigint> {
  return BigInt(await world.connection.networkHelpers.time.latest());
}

/** Lets the challenge window of everything posted so far pass. */
export async function passWindow(world: World): Promise<void> {
  await world.connection.networkHelpers.time.increase(world.parameters.challengeWindow);
}
