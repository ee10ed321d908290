// Predict before reveal: the output stays covered until its size is typed. A wrong answer names the likely slip.

import { button } from "../controls.js";
import { slips } from "../convolution.js";
import { element, setText } from "../dom.js";
import { read } from "../numbers.js";

// For another explorer: its random settings, its slips, and what is said where none of them is recognised.
export function buildPredict(app, { random = randomSetting, known = slips, unknown = "Not yet: count the places where the whole kernel fits, starting at the edge of the padding." } = {}) {
  const { look } = app;
  let axes = null;

  const fields = ["rows", "columns"].map((word) =>
    element("input", { type: "text", inputmode: "decimal", size: 4, "aria-label": `Predicted output ${word}`, "data-lm-suppress-shortcuts": "true", onkeydown: (event) => event.key === "Enter" && answer() }),
  );
  const verdict = element("p", { class: "cnn-verdict", role: "status" });
  const words = element("span");
  const times = element("span", {}, "×");
  let series = false; // one axis alone
  const start = button("Predict the output size", () => ask());
  const question = element(
    "div",
    { class: "cnn-question", hidden: true },
    words,
    fields[0],
    times,
    fields[1],
    button("Check", () => answer()),
    button("Show me", () => reveal("")),
  );
  const another = button("Another question", () => {
    app.set(random(app.state));
    ask();
  });
  const whole = element("div", { class: "cnn-predict" }, start, another, question, verdict);

  function ask() {
    look.hidden = true;
    look.hover = null;
    fields.forEach((field, i) => (field.value = series && i === 0 ? "1" : ""));
    setText(verdict, "");
    verdict.className = "cnn-verdict";
    app.redraw();
    requestAnimationFrame(() => fields[series ? 1 : 0].focus());
  }

  function reveal(text, right = false) {
    look.hidden = false;
    setText(verdict, text);
    verdict.classList.toggle("cnn-right", right);
    app.redraw();
  }

  function answer() {
    const typed = fields.map((field) => read(field.value));
    if (typed.some((value) => value === null)) return setText(verdict, series ? "Type a number." : "Type two numbers: rows and columns.");
    const wanted = axes.map(({ size }) => size);
    if (typed.every((value, i) => value === wanted[i])) return reveal(`Right: ${wanted.slice(series ? 1 : 0).join("×")}.`, true);
    setText(verdict, explain(typed, wanted));
  }

  function explain(typed, wanted) {
    if (!series && typed[0] === wanted[1] && typed[1] === wanted[0]) return "Rows and columns are swapped: rows come first.";
    const wrong = [0, 1].filter((i) => typed[i] !== wanted[i]);
    const causes = new Set(wrong.map((i) => known(axes[i]).get(typed[i]) ?? unknown));
    const where = series ? "" : `${wrong.map((i) => ["Rows", "Columns"][i]).join(" and ")}: `;
    return `${where}${[...causes].join(" ")}`;
  }

  return {
    element: whole,
    draw(result) {
      axes = result.axes;
      series = Boolean(result.series);
      fields[0].hidden = times.hidden = series;
      setText(words, series ? "How many cells will the output have?" : "How many rows × columns will the output have?");
      question.hidden = !look.hidden;
      start.hidden = another.hidden = look.hidden;
      app.root.classList.toggle("cnn-predicting", look.hidden);
    },
  };
}

// A setting with something to think about, for whatever input is on the stage.
function randomSetting({ kernel }) {
  const pick = (low, high) => low + Math.floor(Math.random() * (high - low + 1));
  const size = pick(2, 3);
  const padding = pick(0, 2);
  return {
    kernel: kernel.length === size && kernel[0].length === size ? kernel : Array.from({ length: size }, () => Array.from({ length: size }, () => pick(-1, 2))),
    stride: [pick(1, 3), pick(1, 3)],
    padding: [padding, padding],
    padding_mode: "zeros",
    dilation: [1, 1],
    position: [0, 0],
  };
}
