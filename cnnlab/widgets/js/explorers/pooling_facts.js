// Below the stage of the pooling explorer: the size formula, global pooling, the line of PyTorch, the state as text.

import { element, setHtml } from "../dom.js";
import { UserError } from "../errors.js";
import { codeLine, sizeFormula, stateLine } from "../facts.js";
import { show } from "../numbers.js";
import { oneOf, pair } from "../state_text.js";
import { globalPool } from "./pooling_compute.js";

export function buildFacts(app, pictures) {
  const formula = element("div", { class: "cnn-formula" });
  const everything = element("p", { class: "cnn-cost" });
  const torch = codeLine("PyTorch");
  const underscored = (text) => text.replaceAll(" ", "_");
  const whole = (min, max) => ({ parse: (text, name) => pair(min, max).parse(text, name)[0] });
  const names = Object.keys(pictures);
  const text = stateLine(app, {
    input: {
      format: underscored,
      parse(written, name) {
        const found = names.find((one) => underscored(one) === written);
        if (found === undefined) throw new UserError(`${name}=${written.slice(0, 40)}: must be one of ${names.map(underscored).join(", ")}`);
        return found;
      },
    },
    mode: oneOf("max", "average", "min"),
    size: whole(1, 6),
    stride: whole(1, 6),
    padding: whole(0, 3),
    position: pair(0, 200),
  });
  return {
    element: element("div", { class: "cnn-facts" }, formula, everything, torch.element, text.element),
    draw({ image, axes }, state) {
      const alike = axes[0].n === axes[1].n;
      setHtml(formula, (alike ? [["rows and columns", axes[0]]] : [["rows", axes[0]], ["columns", axes[1]]]).map(([word, axis]) => sizeFormula(word, axis, app.look.hidden)).join(""));
      const { max, average, min } = globalPool(image);
      setHtml(everything, `<b>Global pooling</b>, one window as large as the input: max ${show(max)}, average ${show(average, 4)}, min ${show(min)}.`);
      torch.update(torchLine(state));
      text.update(state);
    },
  };
}

// x is the input, (1, 1, rows, columns).
export function torchLine({ mode, size, stride, padding }) {
  const settings = [`${size}`, ...(stride === size ? [] : [`stride=${stride}`]), ...(padding ? [`padding=${padding}`] : [])].join(", ");
  if (mode === "min") return `-F.max_pool2d(-x, ${settings})`;
  return `F.${mode === "max" ? "max" : "avg"}_pool2d(x, ${settings})`;
}
