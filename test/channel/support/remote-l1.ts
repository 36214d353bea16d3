import { createServer } from "node:http";

import type { Adjudicator } from "../../../plugin/channel/types.js";
import { closeServer, listen } from "../../../plugin/net/listen.js";
import { decodeJson, encodeJson } from "../../../plugin/sequencer/records.js";
import type { Hex } from "../../../plugin/types.js";
import { DOMAIN, type FakeL1 } from "./fake-l1.js";

type Method = Exclude<keyof Adjudicator, "domain" | "account">;
const METHODS: readonly Method[] = [
  ...(["deposit", "registerSessionKey", "challenge", "respond", "checkpoint", "conclude", "concludeAndPay"] as const),
  ...(["payout", "reclaim", "withdraw", "returnBond", "claimCredit", "statusOf", "depositedOf"] as const),
  ...(["holdingsOf", "paidOf", "creditOf", "challengeBond", "now", "height", "events"] as const),
];

interface Call {
  account: Hex;
  method: Method;
  given: unknown[];
}

/** An L1 that other processes use. */
export async function serveL1(l1: FakeL1): Promise<{ url: string; close(): Promise<void> }> {
  const server = createServer((incoming, outgoing) => {
    const answer = async (): Promise<unknown> => {
      const parts: Buffer[] = [];
      for await (const part of incoming as AsyncIterable<Buffer>) parts.push(part);
      const { account, method, given } = decodeJson(Buffer.concat(parts)) as Call;
      const methods = l1.adjudicator(account) as unknown as Record<Method, (...given: unknown[]) => Promise<unknown>>;
      return await methods[method](...given);
    };
    answer().then(
      (result) => outgoing.end(encodeJson({ result })),
      (error: unknown) => outgoing.end(encodeJson({ error: (error as Error).message })),
    );
  });
  const { url } = await listen(server, "127.0.0.1", 0);
  return { url, close: () => closeServer(server) };
}

/** The adjudicator of an L1 that another process serves. */
export function remoteAdjudicator(url: string, account: Hex): Adjudicator {
  const ask = async (method: Method, given: unknown[]): Promise<unknown> => {
    const signal = given.find((one) => one instanceof AbortSignal);
    const call: Call = { account, method, given: given.filter((one) => one !== signal) };
    const response = await fetch(url, { method: "POST", body: encodeJson(call), ...(signal ? { signal } : {}) });
    const answer = decodeJson(new Uint8Array(await response.arrayBuffer())) as { result?: unknown; error?: string };
    if (answer.error !== undefined) throw new Error(answer.error);
    return answer.result;
  };
  const methods = METHODS.map((method) => [method, (...given: unknown[]) => ask(method, given)] as const);
  return { domain: DOMAIN, account, ...Object.fromEntries(methods) } as unknown as Adjudicator;
}
