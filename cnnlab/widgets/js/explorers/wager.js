// Predict before reveal, by choosing: a random setting, its result covered, a choice, and why it was right or wrong.

import { button } from "../controls.js";
import { element, setText } from "../dom.js";

// start: the words on the button. random(state): a setting to think about. question: what is asked.
// options: [[value, text], ...]. judge(value, result, state): [whether it is right, what is said].
// While app.look.hidden is true the explorer covers what would give the answer away.
export function buildWager(app, { start, random, question, options, judge }) {
  const { look } = app;
  let shown = null;
  const verdict = element("p", { class: "cnn-verdict", role: "status" });
  const begin = button(start, () => {
    Object.assign(look, { hidden: true });
    setText(verdict, "");
    app.set(random(app.state));
    requestAnimationFrame(() => requestAnimationFrame(() => choices.querySelector("button").focus()));
  });
  function reveal(right, text) {
    look.hidden = false;
    verdict.classList.toggle("cnn-right", right);
    setText(verdict, text);
    app.redraw();
    begin.hidden = false;
    begin.focus();
  }
  const choose = (value) => () => {
    const [right, text] = judge(value, shown, app.state);
    reveal(right, `${right ? "Right." : "Not so."} ${text}`);
  };
  const choices = element("div", { class: "cnn-question", hidden: true }, element("span", {}, question), ...options.map(([value, text]) => button(text, choose(value))));
  return {
    element: element("div", { class: "cnn-predict" }, begin, choices, verdict),
    draw(result) {
      shown = result;
      choices.hidden = !look.hidden;
      begin.hidden = look.hidden;
    },
  };
}
