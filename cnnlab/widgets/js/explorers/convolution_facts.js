// Below the stage: the size formula with the current numbers in it, the cost, the line of PyTorch, the state as text.

import { element, setHtml, setText } from "../dom.js";
import { UserError } from "../errors.js";
import { codeLine, sizeFormula, stateLine } from "../facts.js";
import { grouped, plural } from "../numbers.js";
import { oneOf, pair, realNumber, table, yesNo } from "../state_text.js";
import { MOST_TAPS } from "./convolution_controls.js";

export function buildFacts(app) {
  const formula = element("div", { class: "cnn-formula" });
  const cost = element("p", { class: "cnn-cost" });
  const torch = codeLine("PyTorch");
  const text = stateLine(app, stateFields(app));

  return {
    element: element("div", { class: "cnn-facts" }, formula, cost, torch.element, text.element),
    draw({ axes, applied }, state) {
      const { hidden } = app.look;
      const alike = ["n", "taps", "stride", "dilation", "size"].every((key) => axes[0][key] === axes[1][key]) && axes[0].pads.join() === axes[1].pads.join();
      const lines = alike ? [["rows and columns", axes[0]]] : [["rows", axes[0]], ["columns", axes[1]]];
      setHtml(formula, lines.map(([word, axis]) => sizeFormula(word, axis, hidden)).join(""));
      setText(cost, hidden ? "" : costLine(applied.rows * applied.cols, axes[0].size * axes[1].size));
      torch.update(torchLine(axes, state));
      text.update(state);
    },
  };
}

function costLine(taps, cells) {
  return `${plural(taps, "weight")} (+ 1 bias in a layer), used at ${plural(cells, "place")}: ${grouped(taps)} × ${grouped(cells)} = ${grouped(taps * cells)} multiply-adds.`;
}

// The one line that gives the same picture: x is the input and w the kernel, both (1, 1, rows, columns).
export function torchLine(axes, { flip, stride, dilation, padding_mode, fill }) {
  const [[top, bottom], [left, right]] = axes.map(({ pads }) => pads);
  const weights = flip ? "w.flip(-2, -1)" : "w";
  const settings = [];
  let input = "x";
  if (padding_mode === "zeros" && top === bottom && left === right) {
    if (top || left) settings.push(`padding=(${top}, ${left})`);
  } else if (top || bottom || left || right) {
    const how = { zeros: "", constant: `, value=${fill}` }[padding_mode] ?? `, mode="${padding_mode}"`;
    input = `F.pad(x, (${left}, ${right}, ${top}, ${bottom})${how})`;
  }
  if (stride.some((one) => one > 1)) settings.push(`stride=(${stride.join(", ")})`);
  if (dilation.some((one) => one > 1)) settings.push(`dilation=(${dilation.join(", ")})`);
  return `F.conv2d(${[input, weights, ...settings].join(", ")})`;
}

function stateFields(app) {
  const inputs = () => [...Object.keys(app.pictures), ...(app.state.own ? ["own"] : [])];
  const underscored = (text) => text.replaceAll(" ", "_");
  const named = oneOf("valid", "same", "full");
  return {
    input: {
      format: underscored,
      parse(text, name) {
        const found = inputs().find((one) => underscored(one) === text);
        if (found === undefined) throw new UserError(text === "own" ? "input=own: your own picture does not travel with the text; choose it again" : oneOf(...inputs().map(underscored)).parse(text, name));
        return found;
      },
    },
    kernel: table(MOST_TAPS),
    flip: yesNo,
    stride: pair(1, 8),
    dilation: pair(1, 5),
    padding: { parse: (text, name) => (/^[a-z]+$/.test(text) ? named.parse(text, name) : pair(0, 11).parse(text, name)) },
    padding_mode: oneOf("zeros", "reflect", "replicate", "circular", "constant"),
    fill: realNumber,
    position: pair(0, 200),
  };
}
