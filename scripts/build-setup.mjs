// The points of the mainnet KZG ceremony that commit to blobs, from viem's copy, as affine coordinates: decompressing them
// takes a second or two, reading them does not.
import { existsSync, readFileSync, mkdirSync, writeFileSync } from "node:fs";

const OUT = "build/kzg-setup.bin";
/** The field of BLS12-381; its curve is y² = x³ + 4. */
const P = 0x1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaabn;
const SIGN = 1n << 381n;
const X_MASK = SIGN - 1n;

function squareRoot(value) {
  let root = 1n;
  let square = value;
  for (let exponent = (P + 1n) / 4n; exponent > 0n; exponent >>= 1n, square = (square * square) % P) {
    if (exponent & 1n) root = (root * square) % P;
  }
  if ((root * root) % P !== value) throw new Error("the KZG setup has a point that is not on the curve");
  return root;
}

/** x and y of a compressed point. */
function decompress(hex) {
  const word = BigInt(hex);
  const x = word & X_MASK;
  const y = squareRoot((x ** 3n + 4n) % P);
  return [x, y > P - y === ((word & SIGN) !== 0n) ? y : P - y];
}

if (!existsSync(OUT)) {
  const { g1_lagrange: points } = JSON.parse(readFileSync("node_modules/viem/trusted-setups/mainnet.json", "utf8"));
  const coordinates = points.flatMap(decompress).map((value) => value.toString(16).padStart(96, "0"));
  mkdirSync("build", { recursive: true });
  writeFileSync(OUT, Buffer.from(coordinates.join(""), "hex"));
}
