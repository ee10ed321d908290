// One exercise: numbers to type or a choice to make; a usual wrong answer gets a word of its own.

import { mount } from "../app.js";
import { button } from "../controls.js";
import { element, setText } from "../dom.js";
import { read, show } from "../numbers.js";

function render({ model, el }) {
  const { prompt, shape, options, right, replies, hint, solution } = model.get("exercise");

  return mount({
    model,
    el,
    label: prompt,
    properties: ["verdict"],
    compute: ({ verdict }) => ({ verdict }),
    build(app) {
      const verdict = element("p", { class: "cnn-verdict", role: "status" });
      const judge = (answer) => {
        const found = replies.find(([wrong]) => same(wrong, answer));
        const correct = same(answer, right);
        app.set({ verdict: correct ? "right" : "wrong" });
        verdict.classList.toggle("cnn-right", correct);
        setText(verdict, correct ? `Right. ${found?.[1] ?? ""}` : `Not yet. ${found?.[1] ?? hint}`);
      };
      const form = options.length ? choices(options, judge) : boxes(shape, judge, (text) => setText(verdict, text));
      const fold = element("details", {}, element("summary", {}, "Solution"), element("p", {}, solution));
      app.root.classList.add("cnn-exercise");
      app.root.append(element("p", { class: "cnn-prompt" }, prompt), form, verdict, fold);
      return () => {};
    },
  });
}

function same(a, b) {
  const [left, rightSide] = [[a].flat(), [b].flat()];
  return left.length === rightSide.length && left.every((value, i) => value === rightSide[i] || Math.abs(value - rightSide[i]) <= 1e-6 * Math.max(1, Math.abs(rightSide[i])));
}

function choices(options, judge) {
  return element("div", { class: "cnn-options", role: "group" }, ...options.map((text) => button(text, () => judge(text))));
}

function boxes([rows, cols], judge, say) {
  const fields = Array.from({ length: rows * cols }, (_, i) =>
    element("input", {
      type: "text",
      inputmode: "decimal",
      size: 5,
      "aria-label": rows * cols === 1 ? "Answer" : `Answer, row ${Math.floor(i / cols) + 1}, column ${(i % cols) + 1}`,
      "data-lm-suppress-shortcuts": "true",
      onkeydown: (event) => event.key === "Enter" && check(),
    }),
  );
  function check() {
    const values = fields.map((field) => read(field.value));
    const missing = values.findIndex((value) => value === null);
    if (missing < 0) return judge(values);
    const field = fields[missing];
    field.focus();
    say(field.value ? `“${field.value}” is not a number; write one such as ${show(-0.5)} or 1/9.` : "A number is missing.");
  }
  return element("div", { class: "cnn-boxes" }, element("div", { style: `display:grid;gap:4px;grid-template-columns:repeat(${cols},auto)` }, ...fields), button("Check", check));
}

export default { render };
