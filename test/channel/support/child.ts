// A participant in a process of its own, to be killed: node child.ts <directory> <URL of participant 0> <URL of L1>. It pays all the
// time, and prints its port, then each turn that it has on disk.
import { join } from "node:path";

import { createChannelClient } from "../../../plugin/channel/client.js";
import { httpTransport } from "../../../plugin/channel/transport-http.js";
import { openLevelStore } from "../../../plugin/store/level.js";
import { DOMAIN } from "./fake-l1.js";
import { remoteAdjudicator } from "./remote-l1.js";
import { person } from "./world.js";

const [directory, peer, l1] = process.argv.slice(2);
if (directory === undefined || peer === undefined || l1 === undefined)
  throw new Error("usage: child.ts <directory> <URL> <URL>");

const signer = person(1);
const transport = await httpTransport({ urlOf: () => peer, port: 0 });
const client = await createChannelClient({
  domain: DOMAIN,
  signer,
  store: await openLevelStore(join(directory, "store")),
  transport,
  adjudicator: remoteAdjudicator(l1, signer.address),
  accept: () => undefined,
  confirmations: 0,
  pollInterval: 20,
  resendInterval: 50,
  log(report) {
    if (report.kind === "supported") console.log(`turn ${report.signed.state.turnNum}`);
    if (report.kind === "fault") console.error(report.error);
  },
});
console.log(`url ${transport.url}`);

for (;;) {
  const channel = client.list()[0];
  if (channel === undefined || (channel.latest?.state.turnNum ?? 0n) < 1n) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    continue;
  }
  // Over when the channel has a final state.
  const isPaid = await channel.pay({ to: 0, amount: 1n }).then(
    () => true,
    () => false,
  );
  if (!isPaid) break;
}
