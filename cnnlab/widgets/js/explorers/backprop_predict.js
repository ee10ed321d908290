// Predict before reveal: one gradient of the input, by hand. A wrong answer names the likely slip.

import { button } from "../controls.js";
import { element, setText } from "../dom.js";
import { read, show } from "../numbers.js";
import { explain } from "./backprop_compute.js";

export function buildPredict(app) {
  const { look } = app;
  let shown = null;

  const field = element("input", { type: "text", inputmode: "decimal", size: 4, "aria-label": "Predicted gradient", "data-lm-suppress-shortcuts": "true", onkeydown: (event) => event.key === "Enter" && answer() });
  const verdict = element("p", { class: "cnn-verdict", role: "status" });
  const prompt = element("span");
  const start = button("Predict a gradient", ask);
  const question = element("div", { class: "cnn-question", hidden: true }, prompt, field, button("Check", answer), button("Show me", () => reveal("")));

  const cell = () => app.state.position.map((at, i) => Math.min(at, app.sizeOf(shown, "input")[i] - 1));

  function ask() {
    const sizes = app.sizeOf(shown, "input");
    Object.assign(look, { hidden: true, part: null });
    app.set({ part: "input", position: sizes.map((n) => Math.floor(Math.random() * n)) });
    field.value = "";
    setText(verdict, "");
    verdict.className = "cnn-verdict";
    requestAnimationFrame(() => field.focus());
  }

  function reveal(text, right = false) {
    look.hidden = false;
    setText(verdict, text);
    verdict.classList.toggle("cnn-right", right);
    app.redraw();
  }

  function answer() {
    const typed = read(field.value);
    if (typed === null) return setText(verdict, "Type a number.");
    const { total } = explain(shown, "input", cell(), shown.w.cols);
    if (Math.abs(typed - total) < 5e-3 * Math.max(1, Math.abs(total))) return reveal(`Right: ${show(total, 6)}.`, true);
    const cause = slips(shown, cell()).find(([value]) => Math.abs(typed - value) < 1e-6);
    setText(verdict, cause ? cause[1] : "Not yet: find every output that used this cell; each sends back its gradient times the factor it used.");
  }

  return {
    element: element("div", { class: "cnn-predict" }, start, question, verdict),
    draw(result, state) {
      shown = result;
      if (look.hidden && state.part !== "input") look.hidden = false; // looked elsewhere: the question is over
      question.hidden = !look.hidden;
      start.hidden = look.hidden;
      setText(prompt, `How large is dL/dx at [${cell().join(", ")}]?`);
    },
  };
}

// Wrong answers that have a known cause: [value, what was probably missed].
export function slips(result, [row, col]) {
  const { terms, total } = explain(result, "input", [row, col], result.w.cols);
  const { x, w, gradient, output, pooling, stride, padding } = result;
  const found = [];
  const add = (value, cause) => Math.abs(value - total) > 1e-9 && found.push([value, cause]);
  const sum = (list) => list.reduce((all, value) => all + value, 0);
  if (!pooling) {
    // Laid on without turning: weight (a, b) where the turned kernel has its mirror image.
    add(sum(terms.map(({ tap, right }) => w.data[w.data.length - 1 - tap] * right)), "The kernel was laid on as it is: going back it stands turned by 180°.");
    const [r, c] = [row + padding, col + padding].map((at) => at / stride);
    if (Number.isInteger(r) && Number.isInteger(c) && r < output.rows && c < output.cols) add(w.data[0] * gradient.data[r * output.cols + c], "That is one of the windows; the cell may lie in several, and all of their gradients add up.");
    add(sum(terms.map(({ left }) => left)), "The weights alone were added: each must be multiplied by the gradient of its output.");
  } else if (result.operation === "average pooling") add(total * w.data.length, "Each of the Q cells gets 1/Q of the gradient, not all of it.");
  else add(sum(result.links.flatMap((ends, i) => (covers(result, i, [row, col]) ? [gradient.data[i]] : []))), "Only the cell that won its window gets the gradient.");
  add(sum(terms.map(({ right }) => right)), "The gradients alone were added: each comes back through the weight that the cell met.");
  add(x.data[row * x.cols + col], "That is the value of the cell, not its gradient.");
  return found;
}

function covers({ cols, stride, padding, w }, index, [row, col]) {
  const [top, left] = [Math.floor(index / cols) * stride - padding, (index % cols) * stride - padding];
  return row >= top && col >= left && row < top + w.rows && col < left + w.cols;
}
