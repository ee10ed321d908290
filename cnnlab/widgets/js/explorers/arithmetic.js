// Convolution arithmetic: input, window and output of a layer, the size formula and the cost, linked.

import { mount } from "../app.js";
import { element } from "../dom.js";
import { compute } from "./arithmetic_compute.js";
import { buildControls } from "./arithmetic_controls.js";
import { buildFacts } from "./arithmetic_facts.js";
import { buildPuzzle } from "./arithmetic_puzzle.js";
import { buildStage } from "./arithmetic_stage.js";

const PROPERTIES = ["mode", "size", "kernel", "stride", "dilation", "padding", "output_padding", "channels", "bias", "position", "puzzle", "found"];

function render({ model, el }) {
  return mount({
    model,
    el,
    label: "Arithmetic explorer",
    properties: PROPERTIES,
    compute,
    build(app) {
      // What is looked at right now; never saved. `checked`: the setting whose size a puzzle has told.
      app.look = { small: null, big: null, hidden: false, checked: "" };
      const parts = [buildControls(app), buildStage(app), buildPuzzle(app), buildFacts(app)];
      const [controls, stage, puzzle, facts] = parts.map((part) => part.element);
      puzzle.prepend(parts[1].player);
      app.root.append(element("div", { class: "cnn-columns" }, controls, element("div", { class: "cnn-main" }, stage, puzzle, facts)));
      return (result, state) => parts.forEach((part) => part.draw(result, state));
    },
  });
}

export default { render };
