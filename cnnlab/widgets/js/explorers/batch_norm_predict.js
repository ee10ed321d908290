// Predict before reveal: what becomes of the marked value? A usual wrong answer is recognised by its number.

import { button } from "../controls.js";
import { element, setText } from "../dom.js";
import { read, show } from "../numbers.js";

export function buildPredict(app) {
  const { look } = app;
  let shown = null;
  const field = element("input", { type: "text", inputmode: "decimal", size: 5, "aria-label": "Predicted normalised value", "data-lm-suppress-shortcuts": "true", onkeydown: (event) => event.key === "Enter" && answer() });
  const prompt = element("span");
  const verdict = element("p", { class: "cnn-verdict", role: "status" });
  const start = button("Predict step 3", () => {
    Object.assign(look, { hidden: true });
    field.value = "";
    setText(verdict, "");
    verdict.className = "cnn-verdict";
    app.redraw();
    requestAnimationFrame(() => field.focus());
  });
  const question = element("div", { class: "cnn-question", hidden: true }, prompt, field, button("Check", () => answer()), button("Show me", () => reveal("")));

  function reveal(text, right = false) {
    look.hidden = false;
    setText(verdict, text);
    verdict.classList.toggle("cnn-right", right);
    app.redraw();
  }

  function answer() {
    const typed = read(field.value);
    if (typed === null) return setText(verdict, "Type a number such as −0.8.");
    const wanted = shown.normalized[look.example];
    if (near(typed, wanted)) return reveal(`Right: ${show(wanted)}.`, true);
    setText(verdict, slip(typed, shown, look.example));
  }

  return {
    element: element("div", { class: "cnn-predict" }, start, question, verdict),
    draw(result) {
      shown = result;
      question.hidden = !look.hidden;
      start.hidden = look.hidden;
      setText(prompt, `What is ${show(result.values[look.example])} normalised? One decimal will do.`);
    },
  };
}

const near = (typed, value) => Math.abs(typed - value) <= 0.051;

function slip(typed, { values, mean, variance, deviation }, i) {
  const centred = values[i] - mean;
  const count = values.length;
  if (near(typed, -centred / deviation)) return "The sign is the wrong way round: the mean is subtracted from the value.";
  if (near(typed, centred)) return "That is x − μ. Divide it by the standard deviation.";
  if (near(typed, centred / variance)) return "Divided by the variance: the square root is missing.";
  if (near(typed, values[i] / deviation)) return "The mean has to be subtracted first.";
  if (count > 1 && near(typed, centred / Math.sqrt((variance * count) / (count - 1)))) return "That divides the sum of squares by M − 1; normalising takes M.";
  return "Not yet: subtract the mean, then divide by the standard deviation of step 2.";
}
