// Batch norm in five steps: one channel of a mini-batch to drag, its moving averages filling batch by batch.

import { mount } from "../app.js";
import { element } from "../dom.js";
import { UserError } from "../errors.js";
import { batchNormSteps, moved } from "../normalization.js";
import { player } from "../player.js";
import { buildAverages } from "./batch_norm_averages.js";
import { buildControls } from "./batch_norm_controls.js";
import { buildFacts } from "./batch_norm_facts.js";
import { buildPredict } from "./batch_norm_predict.js";
import { buildStrips } from "./batch_norm_strips.js";

const PROPERTIES = ["batches", "step", "size", "gamma", "beta", "training", "alpha", "unbiased", "convention"];

// {values, averages: [before any batch, after the first, ...], singles: [of the first batch, ...], mean, deviation, normalized, output, after ...}
export function compute({ batches, step, size, gamma, beta, training, alpha, unbiased }) {
  const averages = [{ mean: 0, variance: 1 }];
  const singles = []; // what each mini-batch alone would say
  for (const batch of batches.slice(0, training ? step + 1 : step)) {
    const values = batch.slice(0, Math.max(size, 2));
    if (singles.length < step) averages.push(moved(averages.at(-1), values, { alpha, unbiased }));
    const { mean, current } = moved(averages[0], values, { alpha: 0, unbiased });
    singles.push({ mean, variance: current });
  }
  if (training && size < 2) throw new UserError("batch size 1: in training one value alone has no spread, x − μ is always 0; take two or more, or switch to eval");
  const values = batches[step].slice(0, size);
  return { values, averages, singles, ...batchNormSteps(values, averages.at(-1), { gamma, beta, training, alpha, unbiased }) };
}

function render({ model, el }) {
  return mount({
    model,
    el,
    label: "Batch norm in five steps",
    properties: PROPERTIES,
    compute,
    build(app) {
      app.look = { example: 0, hidden: false };
      app.setValue = (index, value) => {
        const batches = app.state.batches.map((row) => [...row]);
        batches[app.state.step][index] = value;
        app.set({ batches });
      };
      const scan = player({ app, word: "mini-batch", count: () => app.state.batches.length, here: () => app.state.step, go: (step) => app.set({ step }) });
      const controls = buildControls(app);
      const strips = buildStrips(app);
      const predict = buildPredict(app);
      const averages = buildAverages(app, model.get("population"));
      const facts = buildFacts(app);
      app.root.append(
        element(
          "div",
          { class: "cnn-columns" },
          controls.element,
          element(
            "div",
            { class: "cnn-main" },
            strips.boxes,
            element("div", { class: "cnn-stage cnn-steps" }, strips.element, facts.steps),
            averages.element,
            scan.element,
            predict.element,
            facts.element,
          ),
        ),
      );
      return (result, state) => {
        app.look.example = Math.min(app.look.example, result.values.length - 1);
        scan.update();
        for (const part of [controls, strips, averages, predict, facts]) part.draw(result, state);
      };
    },
  });
}

export default { render };
