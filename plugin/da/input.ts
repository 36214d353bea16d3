/** Where the data of a batch stand: what the `daInput` of its posting says; docs/data-availability.md. */
export type DataPlace =
  | { form: "calldata"; data: Uint8Array }
  /** `length` bytes in the blobs of the transaction from `first` on. */
  | { form: "blobs"; length: number; first: number };

const CALLDATA = 0;
const BLOBS = 1;
const BLOBS_INPUT_LENGTH = 6;

/** The `daInput` that says so. */
export function encodeDaInput(place: DataPlace): Uint8Array {
  if (place.form === "calldata") {
    const input = new Uint8Array(1 + place.data.length);
    input[0] = CALLDATA;
    input.set(place.data, 1);
    return input;
  }
  const input = Buffer.alloc(BLOBS_INPUT_LENGTH, BLOBS);
  input.writeUInt32BE(place.length, 1);
  input.writeUInt8(place.first, 5);
  return new Uint8Array(input);
}

/** The inverse of `encodeDaInput`; undefined for what no data-availability layer of this package takes. */
export function decodeDaInput(input: Uint8Array): DataPlace | undefined {
  if (input[0] === CALLDATA) return { form: "calldata", data: input.subarray(1) };
  if (input[0] !== BLOBS || input.length !== BLOBS_INPUT_LENGTH) return undefined;
  const view = new DataView(input.buffer, input.byteOffset, input.length);
  return { form: "blobs", length: view.getUint32(1), first: view.getUint8(5) };
}
