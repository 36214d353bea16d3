import { dataSlice, getCreateAddress, id, type Provider, type TypedDataDomain, TypedDataEncoder } from "ethers";

/** Nobody: whose first creation is simulated. */
const NOBODY = `0x${id("hardhat-rollup: nobody").slice(-40)}`;

/**
 * Code that a creation leaves at an address, of a contract that keeps its own address and EIP-712 domain in it: what it leaves
 * elsewhere, with the address and the domain's separator exchanged.
 * @param domain Of the contract, without its address.
 */
export async function codeAt(
  provider: Provider,
  address: string,
  { data, domain }: { data: string; domain: TypedDataDomain },
): Promise<string> {
  const elsewhere = getCreateAddress({ from: NOBODY, nonce: 0 });
  const code = await provider.call({ from: NOBODY, data });
  const separator = (verifyingContract: string): string =>
    TypedDataEncoder.hashDomain({ ...domain, verifyingContract });
  return [
    [elsewhere, address],
    [separator(elsewhere), separator(address)],
  ].reduce((text, [from = "", to = ""]) => text.replaceAll(hex(from), hex(to)), code);
}

function hex(value: string): string {
  return value.slice(2).toLowerCase();
}

/** Solidity writes a library's own address into its code, behind the first instruction. */
const LIBRARY = /^0x73[0-9a-f]{40}3014/;

/** Code that a library's creation leaves at an address: what it leaves elsewhere, with the address exchanged. */
export async function libraryAt(provider: Provider, address: string, data: string): Promise<string> {
  const code = await provider.call({ from: NOBODY, data });
  return LIBRARY.test(code) ? `0x73${hex(address)}${dataSlice(code, 21).slice(2)}` : code;
}
