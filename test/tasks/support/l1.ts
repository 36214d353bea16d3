import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { HardhatUserConfig } from "hardhat/types/config";
import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";

import { environment } from "./run.js";

/** An L1 that answers over HTTP, as a node does, and a folder for what tasks write. */
export interface RemoteL1 {
  folder: string;
  url: string;
  /** A Hardhat environment whose network `remote` is that L1. */
  connect(config?: HardhatUserConfig): Promise<HardhatRuntimeEnvironment>;
  close(): Promise<void>;
}

export async function startL1(): Promise<RemoteL1> {
  const folder = await mkdtemp(join(tmpdir(), "rollup-l1-"));
  const host = await environment(folder);
  const server = await host.network.createServer("default", "127.0.0.1", 0);
  const { port } = await server.listen();
  const url = `http://127.0.0.1:${port.toString()}`;
  return {
    folder,
    url,
    connect: (config = {}) =>
      environment(folder, { ...config, networks: { remote: { type: "http", url }, ...config.networks } }, "remote"),
    async close() {
      await server.close();
      await rm(folder, { recursive: true });
    },
  };
}
