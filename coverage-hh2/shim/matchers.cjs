// Matchers of Hardhat 3 whose form is another one in Hardhat 2: `ethers` as an argument is the whole difference.
const { Assertion } = require("chai");

Assertion.addMethod("revert", function () {
  const assertion = new Assertion(this._obj);
  return this.__flags.negate ? assertion.not.to.be.reverted : assertion.to.be.reverted;
});

for (const name of [
  "changeEtherBalance",
  "changeEtherBalances",
  "changeTokenBalance",
  "changeTokenBalances",
  "revertedWithoutReason",
])
  Assertion.overwriteMethod(
    name,
    (inner) =>
      function (_ethers, ...rest) {
        return inner.apply(this, rest);
      },
  );
