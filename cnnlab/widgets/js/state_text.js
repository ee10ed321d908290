// An explorer's state as a short text that can be copied, sent and pasted back: "stride=2,1 padding=same ...".

import { UserError } from "./errors.js";
import { read } from "./numbers.js";

const plain = (value) => (Array.isArray(value) ? value.join(",") : String(value));

// fields: {name: {parse(text) -> value, or throws UserError}}; the order is the order in the text.
export function write(state, fields) {
  return Object.keys(fields)
    .map((name) => `${name}=${(fields[name].format ?? plain)(state[name])}`)
    .join(" ");
}

export function parse(text, fields) {
  const changes = {};
  for (const part of text.trim().split(/\s+/).filter(Boolean)) {
    const [name, ...rest] = part.split("=");
    if (!Object.hasOwn(fields, name) || !rest.length) throw new UserError(`“${part.slice(0, 40)}” is not understood: write name=value, with a name out of ${Object.keys(fields).join(", ")}`);
    changes[name] = fields[name].parse(rest.join("="), name);
  }
  return changes;
}

// Kinds of fields.
export const oneOf = (...choices) => ({
  parse(text, name) {
    if (!choices.includes(text)) throw new UserError(`${name}=${text.slice(0, 40)}: must be one of ${choices.join(", ")}`);
    return text;
  },
});

export const yesNo = {
  format: (value) => (value ? "yes" : "no"),
  parse: (text, name) => oneOf("yes", "no").parse(text, name) === "yes",
};

export const realNumber = {
  parse(text, name) {
    const value = read(text);
    if (value === null) throw new UserError(`${name}=${text.slice(0, 40)}: must be a number`);
    return value;
  },
};

// One whole number an axis, or one for both; from `min` to `max`.
export const pair = (min, max) => ({
  parse(text, name) {
    const values = text.split(",").map(read);
    const both = values.length === 1 ? [values[0], values[0]] : values;
    if (both.length !== 2 || !both.every((value) => Number.isInteger(value) && value >= min && value <= max))
      throw new UserError(`${name}=${text.slice(0, 40)}: must be one or two whole numbers from ${min} to ${max}`);
    return both;
  },
});

// Rows of numbers: "1,0,-1/2,0,-2" on one line of state; spaces, semicolons and line breaks as well when typed in.
export const table = (most) => ({
  format: (rows) => rows.map((row) => row.map((value) => Number(value.toPrecision(6))).join(",")).join(";"),
  parse(text, name) {
    const rows = text
      .trim()
      .replace(/[[\](){}]+/g, "\n")
      .split(/[;\n]+/)
      .map((row) => row.trim().split(/[\s,]+/).filter(Boolean))
      .filter((row) => row.length);
    const values = rows.map((row) => row.map(read));
    const wrong = rows.flat().find((entry) => read(entry) === null);
    if (wrong !== undefined) throw new UserError(`${name}: “${wrong.slice(0, 20)}” is not a number`);
    if (!rows.length) throw new UserError(`${name}: no number found; write rows such as 1 0 −1; 2 0 −2; 1 0 −1`);
    if (new Set(rows.map((row) => row.length)).size > 1) throw new UserError(`${name}: its rows have ${rows.map((row) => row.length).join(", ")} numbers; all must have the same count`);
    if (rows.length > most || rows[0].length > most) throw new UserError(`${name}: ${rows.length}×${rows[0].length} is too large; at most ${most}×${most}`);
    return values;
  },
});
