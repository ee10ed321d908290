// One layer forward and backward: every value above its gradient, and the sum behind each number.

import { mount } from "../app.js";
import { element } from "../dom.js";
import { player } from "../player.js";
import { compute } from "./backprop_compute.js";
import { buildControls } from "./backprop_controls.js";
import { buildPredict } from "./backprop_predict.js";
import { buildStage } from "./backprop_stage.js";

const PROPERTIES = ["operation", "input", "kernel", "stride", "padding", "upstream", "part", "position", "beside"];
const WORDS = { input: "input cell", weight: "weight", output: "output cell" };

function render({ model, el }) {
  return mount({
    model,
    el,
    label: "Backpropagation explorer",
    properties: PROPERTIES,
    compute,
    build(app) {
      // What is looked at right now; never saved.
      app.look = { part: null, position: null, hidden: false };
      // Rows and columns of what can be explained.
      app.sizeOf = ({ x, w, rows, cols }, part) => ({ input: [x.rows, x.cols], weight: [w.rows, w.cols], output: [rows, cols] })[part];
      let shown = null;
      const here = () => {
        const [rows, cols] = app.sizeOf(shown, app.state.part);
        const [r, c] = app.state.position;
        return Math.min(r, rows - 1) * cols + Math.min(c, cols - 1);
      };
      const scan = player({
        app,
        word: "cell",
        count: () => app.sizeOf(shown, app.state.part).reduce((product, n) => product * n, 1),
        here,
        go(index) {
          const [, cols] = app.sizeOf(shown, app.state.part);
          app.look.part = null;
          app.set({ position: [Math.floor(index / cols), index % cols] });
        },
      });
      const parts = [buildControls(app), buildStage(app), buildPredict(app)];
      const [controls, stage, predict] = parts.map((part) => part.element);
      app.root.append(element("div", { class: "cnn-columns" }, controls, element("div", { class: "cnn-main" }, stage, scan.element, predict)));
      return (result, state) => {
        shown = result;
        parts.forEach((part) => part.draw(result, state));
        scan.update();
        scan.element.setAttribute("aria-label", `Step through every ${WORDS[state.part]}`);
      };
    },
  });
}

export default { render };
