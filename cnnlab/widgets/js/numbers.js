// How numbers are written and read, everywhere the same.

// As short as it stays true: whole numbers whole, others to `digits` significant digits, a real minus sign.
export function show(value, digits = 3) {
  if (!Number.isFinite(value)) return "·";
  let text;
  if (Number.isInteger(value) && Math.abs(value) < 1e6) text = String(value);
  else if (value !== 0 && (Math.abs(value) >= 1e6 || Math.abs(value) < 1e-3)) text = value.toExponential(1);
  else text = String(Number(value.toPrecision(Math.max(digits, Math.trunc(Math.abs(value)).toString().length))));
  return text.replace("-", "\u2212");
}

export function grouped(value) {
  return value.toLocaleString("en-US");
}

// A number as people type it ("-1", "−0,5", "1/9"), or null.
export function read(text) {
  const plain = String(text).trim().replace(/[\u2212\u2013]/g, "-").replace(",", ".");
  const found = /^([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)(?:\/(\d+\.?\d*))?$/i.exec(plain);
  if (!found) return null;
  const value = Number(found[1]) / (found[2] ? Number(found[2]) : 1);
  return Number.isFinite(value) ? value : null;
}

export function clamp(value, low, high) {
  return Math.min(Math.max(value, low), high);
}

export function plural(count, word) {
  return `${grouped(count)} ${word}${count === 1 ? "" : "s"}`;
}
