import type { SolidityHooks } from "hardhat/types/hooks";
import type { HardhatPlugin } from "hardhat/types/plugins";

/** Warnings of the compiler that were looked at and are fine where they are; any other one is printed. */
const ACCEPTED: readonly { code: string; file: string }[] = [
  // Transient storage outlives a call: OpenZeppelin's lock clears it at the end of each.
  { code: "2394", file: "/utils/TransientSlot.sol" },
  // selfdestruct: the mock's whole purpose is to pay an account that cannot refuse.
  { code: "5159", file: "contracts/mocks/ForcePayment.sol" },
];

/** Keeps accepted warnings out of the build's output. */
export const acceptedWarnings: HardhatPlugin = {
  id: "accepted-solc-warnings",
  hookHandlers: {
    solidity: () =>
      Promise.resolve({
        default: () =>
          Promise.resolve<Partial<SolidityHooks>>({
            async invokeSolc(context, compiler, input, config, next) {
              const output = await next(context, compiler, input, config);
              const errors = output.errors?.filter(
                ({ errorCode, formattedMessage }) =>
                  !ACCEPTED.some(
                    ({ code, file }) => code === errorCode && formattedMessage?.includes(`${file}:`) === true,
                  ),
              );
              return errors === undefined ? output : { ...output, errors };
            },
          }),
      }),
  },
};
