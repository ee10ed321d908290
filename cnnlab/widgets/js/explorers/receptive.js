// Receptive fields: a stack of layers over a photograph; what each unit sees, and who sees each pixel.

import { mount } from "../app.js";
import { element } from "../dom.js";
import { buildControls } from "./receptive_controls.js";
import { buildFacts } from "./receptive_facts.js";
import { buildLayers } from "./receptive_layers.js";
import { buildPredict } from "./receptive_predict.js";
import { buildStage } from "./receptive_stage.js";
import { compute, startOf, unitNear } from "./receptive_table.js";

function render({ model, el }) {
  return mount({
    model,
    el,
    label: "Receptive field explorer",
    properties: ["picture", "size", "layers", "selected", "unit", "pixel"],
    compute,
    build(app) {
      // What is looked at right now; never saved.
      app.look = { unit: null, pixel: null, hidden: false };
      app.result = null;
      // Show another layer of this or a changed stack, at the same place of the picture.
      app.select = (selected, changes = {}) => {
        const { rows, number, unit } = app.result;
        const place = unit.map((index) => startOf(rows[number]) + index * rows[number].jump);
        app.look.unit = null;
        try {
          const next = compute({ ...app.state, ...changes, selected, unit: [0, 0], pixel: null });
          app.set({ ...changes, selected, unit: place.map((at) => unitNear(next.rows[next.number], at)) });
        } catch {
          app.set({ ...changes, selected }); // compute says in red what does not fit
        }
      };
      const parts = [buildControls(app), buildStage(app), buildLayers(app), buildPredict(app), buildFacts(app)];
      const [controls, stage, layers, predict, facts] = parts.map((part) => part.element);
      stage.append(layers);
      const summary = parts[1].summary;
      app.root.append(element("div", { class: "cnn-columns" }, controls, element("div", { class: "cnn-main" }, stage, summary, predict, facts)));
      return (result, state) => {
        app.result = result;
        parts.forEach((part) => part.draw(result, state));
      };
    },
  });
}

export default { render };
