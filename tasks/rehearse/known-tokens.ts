import type { Hex } from "../../plugin/types.js";

/** A token to rehearse with. */
export interface WantedToken {
  address: Hex;
  /** Who has enough of it to lend. Default: somebody who received some lately. */
  holder?: Hex | undefined;
}

/**
 * What a rehearsal takes where no tokens are named, by chain id: the wrapped native currency, a proxy with a blocklist, one
 * that returns nothing and may take fees, one with another permit, one that rebases, one with a fee, one of 8 decimals.
 * Holders are the lending pools' and wrappers' own contracts, which have much of them as long as they are in use.
 */
export const KNOWN_TOKENS: ReadonlyMap<bigint, readonly (WantedToken & { name: string })[]> = new Map([
  [
    1n,
    [
      token("WETH", "0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2", "0x4d5F47FA6A74757f35C14fD3a6Ef8E3C9BC514E8"),
      token("USDC", "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48", "0x98C23E9d8f34FEFb1B7BD6a91B7FF122F4e16F5c"),
      token("USDT", "0xdAC17F958D2ee523a2206206994597C13D831ec7", "0x23878914EFE38d27C4D67Ab83ed1b93A74D4086a"),
      token("DAI", "0x6B175474E89094C44Da98b954EedeAC495271d0F", "0x018008bfb33d285247A21d44E50697654f754e63"),
      token("stETH", "0xae7ab96520DE3A18E5e111B5EaAb095312D7fE84", "0x7f39C581F595B53c5cb19bD0b3f8dA6c935E2Ca0"),
      token("PAXG", "0x45804880De22913dAFE09f4980848ECE6EcbAf78"),
      token("WBTC", "0x2260FAC5E5542a773Aa44fBCfeDf7C193bc2C599", "0x5Ee5bf7ae06D1Be5997A1A72006FE6C607eC6DE8"),
    ],
  ],
  [
    11_155_111n,
    [
      token("WETH", "0xfFf9976782d46CC05630D1f6eBAb18b2324d6B14"),
      token("USDC", "0x1c7D4B196Cb0C7B01d743Fbc6116a902379C7238"),
    ],
  ],
]);

function token(name: string, address: Hex, holder?: Hex): WantedToken & { name: string } {
  return { name, address, holder };
}
