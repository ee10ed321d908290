// Below the stage: the three rules with the chosen layer's numbers in, the table as a line of Python, the state as text.

import { element, setHtml } from "../dom.js";
import { UserError } from "../errors.js";
import { codeLine, stateLine } from "../facts.js";
import { read, show } from "../numbers.js";
import { oneOf } from "../state_text.js";
import { startOf } from "./receptive_table.js";

export function buildFacts(app) {
  const rules = element("div", { class: "cnn-rules" });
  const code = codeLine("Python");
  const text = stateLine(app, stateFields(app));
  return {
    element: element("div", { class: "cnn-facts" }, rules, code.element, text.element),
    draw({ layers, rows, number }, state) {
      setHtml(rules, app.look.hidden ? "<p>Predict the field first.</p>" : number ? rulesOf(layers[number - 1], rows[number - 1], rows[number]) : "<p>The input: jump 1, field 1, start 0.5.</p>");
      const listed = layers.map(({ name, kernel, stride, padding, dilation }) => `(${[JSON.stringify(name), kernel, stride, padding, dilation].join(", ")})`);
      code.update(`receptive_field.table([${listed.join(", ")}], ${state.size})`);
      text.update(state);
    },
  };
}

const op = (sign) => `<mo>${sign}</mo>`;
const num = (value, role) => `<mn${role ? ` class="cnn-role-${role}"` : ""}>${show(value, 6)}</mn>`;
const word = (text) => `<mtext>${text}</mtext>`;

function rulesOf({ kernel, stride, padding, dilation }, before, after) {
  const span = dilation > 1 ? `${num(dilation, "kernel")}${op("·")}${op("(")}${num(kernel, "kernel")}${op("−")}<mn>1</mn>${op(")")}` : `${op("(")}${num(kernel, "kernel")}${op("−")}<mn>1</mn>${op(")")}`;
  const reach = dilation * (kernel - 1);
  const lines = [
    ["field", `${num(before.size)}${op("+")}${span}${op("·")}${num(before.jump)}`, after.size],
    ["jump", `${num(before.jump)}${op("·")}${num(stride, "kernel")}`, after.jump],
    ["start", `${num(startOf(before))}${op("+")}${op("(")}<mfrac>${num(reach, "kernel")}<mn>2</mn></mfrac>${op("−")}${num(padding, "kernel")}${op(")")}${op("·")}${num(before.jump)}`, startOf(after)],
  ];
  return lines.map(([name, sum, result]) => `<math>${word(name)}${op("=")}${sum}${op("=")}${num(result, "output")}</math>`).join("");
}

function stateFields(app) {
  const limits = app.model.get("limits");
  const whole = (text, name, [low, high]) => {
    const value = read(text);
    if (!Number.isInteger(value) || value < low || value > high) throw new UserError(`${name}=${text.slice(0, 40)}: must be a whole number from ${low} to ${high}`);
    return value;
  };
  const place = (text, name) => {
    const values = text.split(",").map((part) => whole(part, name, [0, limits.size[1] + 100]));
    if (values.length !== 2) throw new UserError(`${name}=${text.slice(0, 40)}: must be two whole numbers, row and column`);
    return values;
  };
  return {
    picture: oneOf(...Object.keys(app.model.get("photographs"))),
    size: { parse: (text, name) => whole(text, name, limits.size) },
    layers: {
      format: (layers) => layers.map(({ name, kernel, stride, padding, dilation }) => `${name.replace(/[\s:;=]/g, "_")}:${[kernel, stride, padding, dilation].join(",")}`).join(";"),
      parse(text) {
        const layers = text.split(";").filter(Boolean).map((part) => {
          const [name, numbers = ""] = part.split(":");
          const values = numbers.split(",");
          if (!name || values.length !== 4) throw new UserError(`layers: “${part.slice(0, 40)}” must be name:kernel,stride,padding,dilation`);
          const [kernel, stride, padding, dilation] = ["kernel", "stride", "padding", "dilation"].map((key, i) => whole(values[i], key, limits[key]));
          return { name, kernel, stride, padding, dilation };
        });
        if (layers.length > limits.layers) throw new UserError(`layers: ${layers.length} are too many; at most ${limits.layers}`);
        return layers;
      },
    },
    selected: { parse: (text, name) => whole(text, name, [0, limits.layers]) },
    unit: { parse: place },
    pixel: { format: (pixel) => (pixel ? pixel.join(",") : "none"), parse: (text, name) => (text === "none" ? null : place(text, name)) },
  };
}
