// The five steps with their numbers, the line of PyTorch, the state as text.

import { element, setHtml } from "../dom.js";
import { codeLine, stateLine } from "../facts.js";
import { plural, show } from "../numbers.js";
import { EPS } from "../normalization.js";
import { oneOf, realNumber, yesNo } from "../state_text.js";
import { UserError } from "../errors.js";

export function buildFacts(app) {
  const steps = element("ol", { class: "cnn-five" }, ...Array.from({ length: 5 }, () => element("li")));
  const torch = codeLine("PyTorch");
  const text = stateLine(app, FIELDS);
  return {
    steps,
    element: element("div", { class: "cnn-facts" }, torch.element, text.element),
    draw(result, state) {
      lines(result, state, app.look).forEach((html, i) => setHtml(steps.children[i], html));
      torch.update(torchLine(state));
      text.update(state);
    },
  };
}

const signed = (value) => (value < 0 ? `(${show(value)})` : show(value));

function lines({ values, mean, variance, deviation, normalized, output, before, after }, { gamma, beta, training, alpha, unbiased, convention }, { example: i, hidden }) {
  const count = values.length;
  const less = mean < 0 ? `+ ${show(-mean)}` : `− ${show(mean)}`;
  const plus = beta < 0 ? `− ${show(-beta)}` : `+ ${show(beta)}`;
  const source = training ? "" : " of the <b>moving averages</b>, not of this mini-batch";
  return [
    `<b>Mini-batch</b>: M = ${plural(count, "activation")} of one channel`,
    `<b>Mean and deviation</b>${source}: μ = ${show(mean)}, σ² = ${show(variance)}${training ? ` <span>(÷ ${count})</span>` : ""}, σ = √(σ² + ε) = ${show(deviation)}`,
    `<b>Normalise</b>: (x − μ) / σ = (${show(values[i])} ${less}) / ${show(deviation)} = <b>${hidden ? "?" : show(normalized[i])}</b>`,
    `<b class="cnn-role-output">Scale and shift</b>: γ x̂ + β = ${hidden ? "?" : `${show(gamma)} · ${signed(normalized[i])} ${plus} = <b>${show(output[i])}</b>`}`,
    training ? averaging(before, after, { mean, alpha, unbiased, convention, count }) : `<b>Moving averages</b> stay as they are in eval: μ = ${show(before.mean)}, σ² = ${show(before.variance)}`,
  ];
}

function averaging(before, after, { mean, alpha, unbiased, convention, count }) {
  const rest = Number((1 - alpha).toFixed(10));
  const [keep, take] = convention === "alpha" ? [show(alpha), `(1 − ${show(alpha)})`] : [`(1 − ${show(rest)})`, show(rest)];
  const term = (old, fresh, now) => `${keep} · ${signed(old)} + ${take} · ${signed(fresh)} = <b>${show(now)}</b>`;
  return `<b>Moving averages</b>: μ ${term(before.mean, mean, after.mean)}<br>σ² ${term(before.variance, after.current, after.variance)} <span>(÷ ${unbiased ? count - 1 : count})</span>`;
}

// x is (M, 1); running_mean and running_var, of one number each, are changed in place.
export function torchLine({ gamma, beta, training, alpha, unbiased }) {
  const number = (value) => Number(value.toPrecision(6));
  return `F.batch_norm(x, running_mean, running_var, torch.tensor([${number(gamma)}]), torch.tensor([${number(beta)}]), training=${training ? "True" : "False"}, momentum=${number(1 - alpha)}, eps=${EPS})${unbiased ? "" : "  # torch always takes M - 1"}`;
}

const within = (low, high, whole = false) => ({
  parse(text, name) {
    const value = realNumber.parse(text, name);
    if (value < low || value > high || (whole && !Number.isInteger(value))) throw new UserError(`${name}=${text.slice(0, 40)}: must be a ${whole ? "whole " : ""}number from ${low} to ${high}`);
    return value;
  },
});

const FIELDS = {
  step: within(0, 30, true),
  size: within(1, 12, true),
  gamma: within(-3, 3),
  beta: within(-5, 5),
  training: yesNo,
  alpha: within(0, 1),
  unbiased: yesNo,
  convention: oneOf("alpha", "momentum"),
};
