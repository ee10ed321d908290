// Predict before reveal: how large is the field of this layer's units? A wrong answer names the likely slip.

import { button } from "../controls.js";
import { element, setText } from "../dom.js";
import { read } from "../numbers.js";

export function buildPredict(app) {
  const { look } = app;
  let shown = null;

  const field = element("input", { type: "text", inputmode: "decimal", size: 4, "aria-label": "Predicted field", "data-lm-suppress-shortcuts": "true", onkeydown: (event) => event.key === "Enter" && answer() });
  const verdict = element("p", { class: "cnn-verdict", role: "status" });
  const prompt = element("span");
  const start = button("Predict the field", ask);
  const another = button("Another stack", () => {
    app.set(randomStack());
    ask();
  });
  const question = element("div", { class: "cnn-question", hidden: true }, prompt, field, button("Check", answer), button("Show me", () => reveal("")));

  function ask() {
    Object.assign(look, { hidden: true, unit: null, pixel: null });
    if (!app.state.selected) app.select(app.state.layers.length);
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
    const { layers, rows, number } = shown;
    const wanted = rows[number].size;
    const typed = read(field.value);
    if (typed === null) return setText(verdict, "Type a number of pixels.");
    if (typed === wanted) return reveal(`Right: ${wanted}×${wanted} pixels.`, true);
    setText(verdict, slips(layers, rows, number).get(typed) ?? "Not yet: start with the field of the layer before, and add what the kernel’s further taps reach, each one jump away.");
  }

  return {
    element: element("div", { class: "cnn-predict" }, start, another, question, verdict),
    draw(result) {
      shown = result;
      question.hidden = !look.hidden;
      start.hidden = another.hidden = look.hidden;
      setText(prompt, `How many pixels wide is the field of a unit of ${result.rows[result.number].name}?`);
    },
  };
}

// Wrong answers that have a known cause.
export function slips(layers, rows, number) {
  const found = new Map();
  const add = (value, cause) => value !== rows[number].size && !found.has(value) && found.set(value, cause);
  const used = layers.slice(0, number);
  const last = used.at(-1);
  const before = rows[number - 1];
  add(last.kernel, "That is the kernel alone: it reads units that see more than one pixel each.");
  add(1 + used.reduce((sum, { kernel, dilation }) => sum + dilation * (kernel - 1), 0), "The strides are missing: after a stride the next kernel’s taps lie a whole jump apart in the picture.");
  add(used.reduce((sum, { kernel }) => sum + kernel, 0), "Kernels do not simply add up: a kernel of k adds k − 1 steps to what was seen before.");
  add(used.reduce((product, { kernel }) => product * kernel, 1), "Kernels do not multiply: neighbouring windows overlap.");
  add(before.size + last.kernel * before.jump, "One step too many: a kernel of k taps makes k − 1 steps.");
  add(before.size + (last.kernel - 1) * before.jump, "The dilation is missing: the taps lie d units apart.");
  add(before.size + last.dilation * (last.kernel - 1) * rows[number].jump, "That used the jump after this layer; its taps step over the map before it.");
  add(rows[number].jump, "That is the jump, the distance between neighbouring fields, not their size.");
  add(before.size, "That is the field of the layer before.");
  return found;
}

function randomStack() {
  const pick = (...choices) => choices[Math.floor(Math.random() * choices.length)];
  const layers = Array.from({ length: pick(2, 3) }, (_, i) => ({ name: `layer${i + 1}`, kernel: pick(2, 3, 3, 5), stride: pick(1, 1, 2), padding: pick(0, 1), dilation: 1 }));
  return { size: 64, layers, selected: layers.length, unit: [3, 3], pixel: null };
}
