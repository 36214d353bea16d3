// A member in a process of its own, to be killed: node child.ts <directory>
import { serveMember } from "../../../plugin/da/committee/server.js";
import { openLevelStore } from "../../../plugin/store/level.js";
import { fakeL1, memberOf } from "./support.js";

const [directory] = process.argv.slice(2);
if (directory === undefined) throw new Error("usage: child.ts <directory>");
const { url } = await serveMember({ member: memberOf(0, fakeL1(), await openLevelStore(directory)), port: 0 });
console.log(url);
