// The page of work that takes longer than a moment: it is started, watched while it goes on, stopped and taken up again.

import { mount } from "../app.js";
import { button } from "../controls.js";
import { element, setText } from "../dom.js";
import { declaredCharts, declaredControls, paintedPictures } from "../panel.js";

const PATIENCE = 5000; // ms without a word from Python: the kernel is busy, or gone
const WITHOUT = "This needs a kernel: open the lesson in the dashboard, in JupyterLab or on Colab.";

const SAID = { queued: "Queued", running: "Running", stopping: "Stopping", stopped: "Stopped", done: "Done", failed: "Broken off" };

function render({ model, el }) {
  const declared = model.get("controls");

  return mount({
    model,
    el,
    label: model.get("label"),
    keeps: declared.map(({ name }) => name),
    properties: [...declared.map(({ name }) => name), "wish", "progress", "answer", "started"],
    compute: ({ answer, progress }) => ({ answer, progress }),
    build(app) {
      const [controls, pictures, charts] = [declaredControls(app, declared), paintedPictures(), declaredCharts()];
      const words = element("p", { class: "cnn-summary cnn-live-words" });
      const where = element("span", { class: "cnn-where" });
      const said = element("span", { class: "cnn-aside", role: "status" }); // what is read out: not every per cent
      const notice = element("p", { class: "cnn-live-notice", role: "status" });
      const changed = element("p", { class: "cnn-where" });
      const bar = element("progress", { class: "cnn-progress", max: 1, value: 0, "aria-label": "Progress" });
      let patience = 0;
      const ask = (what) => {
        app.set({ wish: { what, number: (app.state.wish.number ?? 0) + 1 } });
        clearTimeout(patience);
        patience = setTimeout(() => {
          if (app.state.progress.heard !== app.state.wish.number) app.refuse("No answer from Python: the kernel is busy with another cell, or gone.");
        }, PATIENCE);
      };
      app.onClose(() => clearTimeout(patience));
      const [start, stop, go, reset] = ["start", "stop", "go on", "reset"].map((what) => button(what[0].toUpperCase() + what.slice(1), () => ask(what)));
      app.root.append(
        element(
          "div",
          { class: "cnn-columns" },
          controls.element,
          element("div", { class: "cnn-main" }, element("div", { class: "cnn-player cnn-live" }, start, stop, go, reset, bar, where, said), element("div", { class: "cnn-live-notices" }, notice, changed), charts.element, pictures.element, words),
        ),
      );
      let [shown, heard] = [null, null];

      return ({ answer, progress }, state) => {
        controls.update(state);
        const busy = ["queued", "running", "stopping"].includes(progress.phase);
        start.disabled = busy || model.withoutKernel;
        stop.disabled = !busy || progress.phase === "stopping";
        go.disabled = progress.phase !== "stopped";
        reset.disabled = progress.phase === "ready";
        setText(start, progress.phase === "ready" ? "Start" : "Start anew");
        bar.value = progress.share;
        setText(where, model.withoutKernel ? WITHOUT : progress.text);
        setText(said, SAID[progress.phase] ?? "");
        const others = declared.filter(({ name }) => name in state.started && state.started[name] !== state[name]);
        setText(changed, others.length ? `From the next start on: ${others.map(({ label }) => label).join(", ")}.` : "");
        words.setAttribute("aria-live", busy ? "off" : "polite"); // not to be read out many times a second
        if (progress.heard !== heard) {
          heard = progress.heard;
          app.say("");
        }
        if (progress.refusal) app.refuse(progress.refusal); // the last good picture stays
        charts.draw(answer.charts); // also when the width has changed
        if (answer === shown) return;
        shown = answer;
        setText(words, answer.text);
        setText(notice, answer.notice ?? "");
        pictures.draw(answer).then(() => {
          model.set("shown", answer.number);
          model.save_changes();
        });
      };
    },
  });
}

export default { render };
