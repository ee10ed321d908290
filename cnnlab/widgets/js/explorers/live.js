// The page of work that takes longer than a moment: it is started, watched while it goes on, stopped and taken up again.

import { mount } from "../app.js";
import { button } from "../controls.js";
import { element, setText } from "../dom.js";
import { declaredCharts, declaredControls, paintedPictures } from "../panel.js";

const PATIENCE = 5000; // ms without a word from Python: there is no kernel, or it is busy

function render({ model, el }) {
  const declared = model.get("controls");

  return mount({
    model,
    el,
    label: model.get("label"),
    properties: [...declared.map(({ name }) => name), "wish", "progress", "answer"],
    compute: ({ answer, progress }) => ({ answer, progress }),
    build(app) {
      const [controls, pictures, charts] = [declaredControls(app, declared), paintedPictures(), declaredCharts()];
      const words = element("p", { class: "cnn-summary", "aria-live": "polite" });
      const where = element("p", { class: "cnn-where", role: "status" });
      const bar = element("progress", { class: "cnn-progress", max: 1, value: 0, "aria-label": "Progress" });
      let patience = 0;
      const ask = (what) => {
        app.set({ wish: { what, number: (app.state.wish.number ?? 0) + 1 } });
        clearTimeout(patience);
        patience = setTimeout(() => {
          if (app.state.progress.heard !== app.state.wish.number) app.refuse("No answer from Python: a kernel is needed here, or it is busy with another cell.");
        }, PATIENCE);
      };
      app.onClose(() => clearTimeout(patience));
      const [start, stop, go] = [button("Start", () => ask("start")), button("Stop", () => ask("stop")), button("Go on", () => ask("go on"))];
      app.root.append(
        element(
          "div",
          { class: "cnn-columns" },
          controls.element,
          element("div", { class: "cnn-main" }, element("div", { class: "cnn-player" }, start, stop, go, bar), where, charts.element, pictures.element, words),
        ),
      );
      let [shown, heard] = [null, null];

      return ({ answer, progress }, state) => {
        controls.update(state);
        const busy = ["queued", "running", "stopping"].includes(progress.phase);
        start.disabled = busy;
        stop.disabled = !busy || progress.phase === "stopping";
        go.disabled = progress.phase !== "stopped";
        setText(start, progress.phase === "ready" ? "Start" : "Start anew");
        bar.value = progress.share;
        setText(where, progress.text);
        if (progress.heard !== heard) {
          heard = progress.heard;
          app.say("");
        }
        if (progress.refusal) app.refuse(progress.refusal); // the last good picture stays
        charts.draw(answer.charts); // also when the width has changed
        if (answer === shown) return;
        shown = answer;
        pictures.draw(answer);
        setText(words, answer.text);
      };
    },
  });
}

export default { render };
