// Matrices as they travel between Python and the page: {shape: [rows, columns], dtype, data: bytes}.

import { matrix } from "./matrices.js";

const ARRAYS = { uint8: Uint8Array, float64: Float64Array };
const decoded = new WeakMap(); // the same payload is asked for on every redraw

export function decode(payload) {
  if (!decoded.has(payload)) {
    const { shape, dtype, data } = payload;
    const bytes = data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength); // aligned for float64
    decoded.set(payload, matrix(shape[0], shape[1], Float64Array.from(new ARRAYS[dtype](bytes))));
  }
  return decoded.get(payload);
}

export function encode({ rows, cols, data }) {
  return { shape: [rows, cols], dtype: "float64", data: new DataView(Float64Array.from(data).buffer) };
}
