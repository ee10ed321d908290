// Predict the number of parameters before it is shown. A wrong answer names the likely slip.

import { button } from "../controls.js";
import { element, setText } from "../dom.js";
import { grouped, read } from "../numbers.js";

const pick = (low, high) => low + Math.floor(Math.random() * (high - low + 1));

export function buildPredict(app) {
  const { look } = app;
  let result = null;
  const field = element("input", { type: "text", inputmode: "numeric", size: 9, "aria-label": "Predicted parameters", "data-lm-suppress-shortcuts": "true", onkeydown: (event) => event.key === "Enter" && answer() });
  const verdict = element("p", { class: "cnn-verdict", role: "status" });
  const start = button("Predict the parameters", () => ask());
  const another = button("Another question", () => {
    app.set({ kind: ["standard", "grouped", "depth-wise", "separable"][pick(0, 3)], channels: [4 * pick(1, 4), 4 * pick(1, 4)], kernel: [1, 3, 5][pick(0, 2)], groups: 2, stride: 1, pad: true, size: 16 });
    ask();
  });
  const question = element("div", { class: "cnn-question", hidden: true }, element("span", {}, "How many parameters, biases included?"), field, button("Check", () => answer()), button("Show me", () => reveal("")));
  const whole = element("div", { class: "cnn-predict" }, start, another, question, verdict);

  function ask() {
    look.hidden = true;
    field.value = "";
    setText(verdict, "");
    verdict.className = "cnn-verdict";
    app.redraw();
    requestAnimationFrame(() => field.focus());
  }

  function reveal(text, right = false) {
    look.hidden = false;
    setText(verdict, text);
    verdict.classList.toggle("cnn-right", right);
    app.redraw();
  }

  function answer() {
    const typed = read(field.value.replaceAll(",", ""));
    if (typed === null) return setText(verdict, "Type a whole number.");
    if (typed === result.wired.parameters) return reveal(`Right: ${grouped(typed)}.`, true);
    setText(verdict, slips(result).get(typed) ?? "Not yet: how many weights has one filter, and how many filters are there?");
  }

  return {
    element: whole,
    draw(next) {
      result = next;
      question.hidden = !look.hidden;
      start.hidden = another.hidden = look.hidden;
    },
  };
}

// Wrong numbers of parameters that have a known cause: value -> what was probably missed.
export function slips({ kind, inputs, filters, taps, groups, wired, standard }) {
  const found = new Map();
  const cells = taps * taps;
  const add = (value, cause) => value !== wired.parameters && !found.has(value) && found.set(value, cause);
  add(wired.weights, "The biases are missing: one a filter.");
  add(wired.weights + 1, "One bias is not enough: every filter has its own.");
  add((cells + 1) * filters, "A filter is as deep as its input: it has weights for every channel it sees.");
  add(cells * inputs + 1, "That is a single filter; there are as many as output channels.");
  add(standard.parameters, "That is the standard convolution. Here not every filter sees every channel.");
  add(standard.weights, "That is the standard convolution, without biases. Here not every filter sees every channel.");
  if (groups > 1 && kind !== "separable") for (const biases of [filters, filters / groups]) add(wired.weights / groups + biases, "That is one group alone: all groups count.");
  if (kind === "separable") add(cells * inputs + filters, "The 1×1 layer is missing: it mixes the channels.");
  if (kind === "separable") add((cells + 1) * inputs + (inputs + 1) * filters, "The depth-wise part has no bias here: the 1×1 layer behind it has one.");
  return found;
}
