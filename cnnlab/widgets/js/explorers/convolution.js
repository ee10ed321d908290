// Convolution, one window at a time: input, kernel and output side by side, linked under the pointer.

import { mount } from "../app.js";
import { compute } from "../convolution.js";
import { element } from "../dom.js";
import { decode, encode } from "../payload.js";
import { toMatrix } from "../matrices.js";
import { buildControls } from "./convolution_controls.js";
import { buildFacts } from "./convolution_facts.js";
import { buildPlayer } from "./convolution_player.js";
import { buildPredict } from "./predict.js";
import { buildStage } from "./convolution_stage.js";

const PROPERTIES = ["input", "own", "kernel", "flip", "stride", "dilation", "padding", "padding_mode", "fill", "position"];
const DEFINING = PROPERTIES.filter((name) => name !== "position"); // the others change what is looked at, not the result

// Hovering redraws without computing again: the last result is kept while nothing that defines it has changed.
function keeping(calculate) {
  let last = null;
  return (state) => {
    if (!last || DEFINING.some((name) => state[name] !== last.state[name])) last = { state: { ...state }, result: calculate(state) };
    return last.result;
  };
}

function render({ model, el }) {
  const pictures = model.get("pictures");
  const calculate = keeping((state) => {
    const image = decode(state.input === "own" ? state.own : pictures[state.input]);
    return { image, ...compute({ ...state, image, kernel: toMatrix(state.kernel) }) };
  });

  return mount({
    model,
    el,
    label: "Convolution explorer",
    properties: PROPERTIES,
    compute: calculate,
    build(app) {
      // What is looked at right now; never saved.
      app.look = { hover: null, input: null, tap: null, scanned: Infinity, hidden: false, painting: false };
      app.pictures = pictures;
      app.setOwn = (image, more = {}) => app.set({ input: "own", own: encode(image), ...more });
      const parts = [buildControls(app), buildStage(app), buildPlayer(app), buildPredict(app), buildFacts(app)];
      const [controls, stage, player, predict, facts] = parts.map((part) => part.element);
      app.root.append(element("div", { class: "cnn-columns" }, controls, element("div", { class: "cnn-main" }, stage, player, predict, facts)));
      return (result, state) => parts.forEach((part) => part.draw(result, state));
    },
  });
}

export default { render };
