// The controls of the batch norm explorer.

import { button, check, choice, slider } from "../controls.js";
import { element } from "../dom.js";

export function buildControls(app) {
  const { say, set } = app;
  const size = slider({ label: "Batch size", min: 1, max: 12, change: (value) => set({ size: value }), say });
  const step = slider({ label: "Mini-batch", min: 1, max: 31, change: (value) => set({ step: value - 1 }), say });
  const training = choice({ label: "Mode", options: [[true, "train"], [false, "eval"]], change: (value) => set({ training: value }) });
  const gamma = slider({ label: "Scale γ", min: -3, max: 3, step: 0.1, change: (value) => set({ gamma: value }), say });
  const beta = slider({ label: "Shift β", min: -5, max: 5, step: 0.1, change: (value) => set({ beta: value }), say });
  const convention = choice({ label: "Convention", options: [["alpha", "α"], ["momentum", "momentum"]], change: (value) => set({ convention: value }) });
  const rounded = (value) => Number((1 - value).toFixed(10));
  const alpha = slider({ label: "α", min: 0, max: 1, step: 0.01, change: (value) => set({ alpha: value }), say });
  const momentum = slider({ label: "momentum", min: 0, max: 1, step: 0.01, change: (value) => set({ alpha: rounded(value) }), say });
  const unbiased = check({ label: "moving variance ÷ (M − 1)", change: (value) => set({ unbiased: value }) });
  const undo = button("γ and β that undo it", () => app.undo());
  const plain = button("γ = 1, β = 0", () => set({ gamma: 1, beta: 0 }));
  let result = null;

  // Scale by the deviation, shift by the mean: the output is the input again, as far as the sliders reach.
  app.undo = () => {
    const clip = (value, most) => Math.min(Math.max(value, -most), most);
    set({ gamma: clip(result.deviation, 3), beta: clip(result.mean, 5) });
  };

  const parts = [step, size, training, null, gamma, beta, element("div", { class: "cnn-tools" }, plain, undo), null, convention, alpha, momentum, unbiased];
  return {
    element: element("div", { class: "cnn-controls" }, ...parts.map((part) => (part === null ? element("hr") : part.element ?? part))),
    draw(shown, state) {
      result = shown;
      size.update(state.size);
      step.update(state.step + 1);
      training.update(state.training);
      gamma.update(Number(state.gamma.toFixed(4)));
      beta.update(Number(state.beta.toFixed(4)));
      convention.update(state.convention);
      alpha.update(state.alpha, { shown: state.convention === "alpha" });
      momentum.update(rounded(state.alpha), { shown: state.convention === "momentum" });
      unbiased.update(state.unbiased);
    },
  };
}
