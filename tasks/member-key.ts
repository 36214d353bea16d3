import { join } from "node:path";

import type { Signer } from "ethers";

import { blsMemberOf } from "../plugin/da/committee/bls.js";
import type { Hex } from "../plugin/types.js";
import { BlsKeys__factory } from "../typechain-types/index.js";
import { action, ArgumentError, type CommonArguments } from "./support/action.js";
import { addressArgument } from "./support/arguments.js";
import { keyFileOf } from "./support/bls-key.js";
import { accountOf } from "./support/network.js";

interface KeyArguments extends CommonArguments {
  from: string | undefined;
  key: string | undefined;
  keys: string | undefined;
}

export default action<KeyArguments>(async (input, { hre, output }) => {
  const connection = await hre.network.getOrCreate();
  const { signer } = await accountOf(connection, input.from);
  const given = input.keys === undefined ? undefined : addressArgument("keys", input.keys);
  const file = input.key ?? join(hre.config.paths.root, ".rollup", `${connection.networkName}-member.key`);
  if (given !== undefined) await checkKeys(given, signer);
  const { key, proof, isNew } = await keyFileOf(file);
  output.line(`${isNew ? "Made" : "Found"} the key in ${file}. Whoever reads this file signs as the member.`);

  const keys = given ?? (await output.progress("Creating BlsKeys", () => createKeys(signer)));
  const contract = BlsKeys__factory.connect(keys, signer);
  const member = blsMemberOf(keys, key);
  const isProven = (await connection.ethers.provider.getCode(member)) !== "0x";
  if (!isProven)
    await output.progress("Proving the key", async () => {
      await (await contract.prove(key, proof)).wait();
    });
  output.line(`BlsKeys ${keys}${given === undefined ? ", created: other members prove their keys there, too" : ""}`);
  output.line(`Member ${member}, whose key ${isProven ? "was proven before" : "is proven now"}`);
  return { keys, member, key, file, isNew };
});

async function createKeys(signer: Signer): Promise<Hex> {
  const contract = await new BlsKeys__factory(signer).deploy();
  await contract.waitForDeployment();
  return (await contract.getAddress()) as Hex;
}

/** What else is at the address may keep keys that nobody proved. */
async function checkKeys(keys: Hex, signer: Signer): Promise<void> {
  const { data } = await new BlsKeys__factory().getDeployTransaction();
  const [expected, found] = await Promise.all([signer.call({ data }), signer.provider?.getCode(keys)]);
  if (found !== expected)
    throw new ArgumentError(
      "keys",
      `--keys ${keys} is no BlsKeys of this version; without --keys a new one is created`,
    );
}
