// The page of an app that computes in the kernel: controls, pictures, words. One question is under way at a time.

import { mount } from "../app.js";
import { element, setText } from "../dom.js";
import { declaredBars, declaredCharts, declaredControls, paintedPictures } from "../panel.js";

const SLOW = 400; // ms: from then on the page says that it waits

function render({ model, el }) {
  const declared = model.get("controls");
  let asked = null; // the number of the answer that was there when the last question went out

  return mount({
    model,
    el,
    label: model.get("label"),
    keeps: declared.map(({ name }) => name),
    properties: [...declared.map(({ name }) => name), "answer"],
    // A new question goes out only once the last one is answered; until then the newest state waits.
    maySave(state) {
      if (asked !== null && state.answer.number === asked) return false;
      asked = state.answer.number;
      return true;
    },
    compute: ({ answer }) => answer,
    build(app) {
      const [controls, pictures, charts, bars] = [declaredControls(app, declared), paintedPictures(app, model.get("pointed")), declaredCharts(), declaredBars()];
      const words = element("p", { class: "cnn-summary", "aria-live": "polite" });
      const waiting = element("p", { class: "cnn-where", role: "status" });
      app.root.append(element("div", { class: "cnn-columns" }, controls.element, element("div", { class: "cnn-main" }, pictures.element, bars.element, charts.element, words, waiting)));
      let shown = null;
      let timer = 0;
      app.onClose(() => clearTimeout(timer));

      return (answer, state) => {
        controls.update(state);
        if (asked !== null && answer.number === asked) timer ||= setTimeout(() => setText(waiting, "computing …"), SLOW);
        else {
          clearTimeout(timer);
          timer = 0;
          setText(waiting, "");
        }
        charts.draw(answer.charts); // also when the width has changed
        if (answer === shown) return;
        shown = answer;
        if (answer.refusal) return app.refuse(answer.refusal); // the last good picture stays
        app.say("");
        pictures.draw(answer);
        bars.draw(answer.bars);
        setText(words, answer.text);
      };
    },
  });
}

export default { render };
