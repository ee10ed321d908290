// Below the stage: the size formula with the current numbers in it, the cost, the line of PyTorch, the state as text.

import { button } from "../controls.js";
import { element, setHtml, setText } from "../dom.js";
import { UserError } from "../errors.js";
import { grouped, plural } from "../numbers.js";
import { oneOf, pair, parse, realNumber, table, write, yesNo } from "../state_text.js";
import { MOST_TAPS } from "./convolution_controls.js";

export function buildFacts(app) {
  const formula = element("div", { class: "cnn-formula" });
  const cost = element("p", { class: "cnn-cost" });
  const torch = element("code");
  const fields = stateFields(app);
  const stateBox = element("input", { type: "text", class: "cnn-state", spellcheck: "false", "aria-label": "State as text: copy it, or paste one and press Enter", "data-lm-suppress-shortcuts": "true", onchange: load });
  const copied = element("span", { role: "status", class: "cnn-copied" });
  const copy = (source) => async () => {
    try {
      await navigator.clipboard.writeText(source());
      setText(copied, "copied");
    } catch {
      stateBox.select(); // no clipboard on this page: the learner copies by hand
      setText(copied, "press Ctrl+C");
    }
    setTimeout(() => setText(copied, ""), 1500);
  };
  const whole = element(
    "div",
    { class: "cnn-facts" },
    formula,
    cost,
    element("p", { class: "cnn-line" }, element("span", { class: "cnn-label" }, "PyTorch"), torch, button("Copy", copy(() => torch.textContent), { "aria-label": "Copy the PyTorch line" })),
    element("p", { class: "cnn-line" }, element("label", { class: "cnn-label" }, "State"), stateBox, button("Copy", copy(() => stateBox.value), { "aria-label": "Copy the state" }), copied),
  );

  function load() {
    try {
      app.set(parse(stateBox.value, fields));
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      app.refuse(error.message);
    }
  }

  function draw({ axes, applied }, state) {
    const hidden = app.look.hidden;
    const alike = ["n", "taps", "stride", "dilation", "size"].every((key) => axes[0][key] === axes[1][key]) && axes[0].pads.join() === axes[1].pads.join();
    const lines = alike ? [["rows and columns", axes[0]]] : [["rows", axes[0]], ["columns", axes[1]]];
    setHtml(formula, lines.map(([word, axis]) => sizeFormula(word, axis, hidden)).join(""));
    const taps = applied.rows * applied.cols;
    const cells = axes[0].size * axes[1].size;
    setText(cost, hidden ? "" : `${plural(taps, "weight")} (+ 1 bias in a layer), used at ${plural(cells, "place")}: ${grouped(taps)} × ${grouped(cells)} = ${grouped(taps * cells)} multiply-adds.`);
    setText(torch, torchLine(axes, state));
    if (document.activeElement !== stateBox) stateBox.value = write(state, fields);
  }

  return { element: whole, draw };
}

// ⌊(n + p + p − (d(k − 1) + 1)) / s⌋ + 1 as MathML, then the same with numbers.
function sizeFormula(word, { n, taps, stride, dilation, pads: [before, after], size, reach }, hidden) {
  const number = (value, role) => `<mn class="cnn-role-${role}">${value}</mn>`;
  const op = (sign) => `<mo>${sign}</mo>`;
  const kernel = dilation > 1 ? `<mo>(</mo>${number(dilation, "kernel")}<mo>·</mo><mo>(</mo>${number(taps, "kernel")}${op("−")}<mn>1</mn><mo>)</mo>${op("+")}<mn>1</mn><mo>)</mo>` : number(taps, "kernel");
  const padding = before === after ? `<mn>2</mn>${op("·")}${number(before, "padding")}` : `${number(before, "padding")}${op("+")}${number(after, "padding")}`;
  const floor = (top) => `<mrow><mo>⌊</mo><mfrac><mrow>${top}</mrow>${number(stride, "stride")}</mfrac><mo>⌋</mo></mrow>${op("+")}<mn>1</mn>`;
  const symbol = `<mo>⌊</mo><mfrac><mrow><mi class="cnn-role-input">n</mi>${op("+")}<mn>2</mn><mi class="cnn-role-padding">p</mi>${op("−")}${dilation > 1 ? '<mo>(</mo><mi class="cnn-role-kernel">d</mi><mo>(</mo><mi class="cnn-role-kernel">k</mi><mo>−</mo><mn>1</mn><mo>)</mo><mo>+</mo><mn>1</mn><mo>)</mo>' : '<mi class="cnn-role-kernel">k</mi>'}</mrow><mi class="cnn-role-stride">s</mi></mfrac><mo>⌋</mo>${op("+")}<mn>1</mn>`;
  const room = n + before + after - reach;
  const worked = hidden ? "<mo>?</mo>" : `${floor(`<mn>${room}</mn>`)}${op("=")}${number(size, "output")}`;
  return `<div class="cnn-size"><span class="cnn-label">${word}</span><math>${symbol}${op("=")}${floor(`${number(n, "input")}${op("+")}${padding}${op("−")}${kernel}`)}${op("=")}${worked}</math></div>`;
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
