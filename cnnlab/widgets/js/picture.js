// A learner's own picture: checked from its first bytes, decoded by the browser, made grey and small.
// The limits are those of cnnlab.core.images.load. The file never leaves the page.

import { UserError } from "./errors.js";
import { matrix } from "./matrices.js";

const MOST_SIDE = 8192;
const MOST_PIXELS = 16e6;
const MOST_BYTES = 64e6;

const ascii = (bytes, from, length) => String.fromCharCode(...bytes.subarray(from, from + length));

function holds(bytes, text, limit = bytes.length) {
  const wanted = [...text].map((letter) => letter.charCodeAt(0));
  for (let i = 0; i + wanted.length <= Math.min(bytes.length, limit); i++) if (wanted.every((value, k) => bytes[i + k] === value)) return i;
  return -1;
}

// {format, width, height, animated} from a file's header; null where it is none of the five formats.
export function readHeader(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 30) return null;
  if (ascii(bytes, 1, 3) === "PNG") return { format: "PNG", width: view.getUint32(16), height: view.getUint32(20), animated: holds(bytes, "acTL", 4096) > 0 };
  if (ascii(bytes, 0, 4) === "GIF8") return { format: "GIF", width: view.getUint16(6, true), height: view.getUint16(8, true), animated: gifFrames(bytes) > 1 };
  if (ascii(bytes, 0, 2) === "BM") return { format: "BMP", width: Math.abs(view.getInt32(18, true)), height: Math.abs(view.getInt32(22, true)), animated: false };
  if (ascii(bytes, 0, 4) === "RIFF" && ascii(bytes, 8, 4) === "WEBP") return webpHeader(bytes, view);
  if (bytes[0] === 0xff && bytes[1] === 0xd8) return jpegHeader(bytes, view);
  return null;
}

// Frames of a GIF, counted up to the second: blocks follow each other, each a chain of parts with their lengths.
function gifFrames(bytes) {
  const paletteBytes = (flags) => (flags & 0x80 ? 3 << ((flags & 7) + 1) : 0);
  let at = 13 + paletteBytes(bytes[10]);
  let frames = 0;
  while (frames < 2 && (bytes[at] === 0x21 || bytes[at] === 0x2c)) {
    if (bytes[at] === 0x2c) {
      frames += 1;
      at += 11 + paletteBytes(bytes[at + 9]);
    } else at += 2;
    while (bytes[at]) at += bytes[at] + 1;
    at += 1;
  }
  return frames;
}

function webpHeader(bytes, view) {
  const kind = ascii(bytes, 12, 4);
  const from24 = (at) => view.getUint16(at, true) + (bytes[at + 2] << 16) + 1;
  if (kind === "VP8X") return { format: "WEBP", width: from24(24), height: from24(27), animated: Boolean(bytes[20] & 2) };
  if (kind === "VP8L") {
    const bits = view.getUint32(21, true);
    return { format: "WEBP", width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1, animated: false };
  }
  return { format: "WEBP", width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff, animated: false };
}

function jpegHeader(bytes, view) {
  // Segments follow each other, each with its length, up to the one (SOF) that holds the size.
  for (let at = 2; at + 9 < bytes.length; at += 2 + view.getUint16(at + 2)) {
    const marker = bytes[at + 1];
    if (bytes[at] !== 0xff) break;
    if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker))
      return { format: "JPEG", width: view.getUint16(at + 7), height: view.getUint16(at + 5), animated: false };
  }
  return null;
}

// A File -> {image: grey matrix with at most `side` cells a side, note: what was done to it}.
export async function readPicture(file, side) {
  if (file.size > MOST_BYTES) throw new UserError(`${file.name}: ${(file.size / 1e6).toFixed(0)} MB is too much; choose a picture of at most ${MOST_BYTES / 1e6} MB`);
  const header = readHeader(new Uint8Array(await file.arrayBuffer()));
  if (!header) throw new UserError(`${file.name}: is not a picture that can be read; choose a PNG, JPEG, GIF, BMP or WEBP file`);
  const { width, height } = header;
  if (!width || !height || width > MOST_SIDE || height > MOST_SIDE || width * height > MOST_PIXELS)
    throw new UserError(`${file.name}: ${width}×${height} pixels; choose a picture of at most ${MOST_SIDE} a side and ${MOST_PIXELS / 1e6} megapixels`);
  let bitmap;
  try {
    bitmap = await createImageBitmap(file, { imageOrientation: "from-image" });
  } catch {
    throw new UserError(`${file.name}: the file is damaged or not really ${header.format}; save it again as PNG or JPEG`);
  }
  const scale = Math.min(1, side / Math.max(bitmap.width, bitmap.height));
  const cols = Math.max(1, Math.round(bitmap.width * scale));
  const rows = Math.max(1, Math.round(bitmap.height * scale));
  const canvas = new OffscreenCanvas(cols, rows);
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  pen.fillStyle = "#fff"; // what is transparent becomes white
  pen.fillRect(0, 0, cols, rows);
  pen.imageSmoothingQuality = "high";
  pen.drawImage(bitmap, 0, 0, cols, rows);
  const { data } = pen.getImageData(0, 0, cols, rows);
  const grey = Float64Array.from({ length: rows * cols }, (_, i) => Math.round(0.299 * data[4 * i] + 0.587 * data[4 * i + 1] + 0.114 * data[4 * i + 2]));
  const notes = [`${file.name}: ${bitmap.width}×${bitmap.height}, shown in grey at ${cols}×${rows}`];
  if (header.animated) notes.push("the first picture of an animation");
  bitmap.close();
  return { image: matrix(rows, cols, grey), note: `${notes.join("; ")}.` };
}
