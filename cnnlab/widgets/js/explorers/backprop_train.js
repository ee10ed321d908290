// A two-layer network learns a digit: kernels, their gradients, maps, probabilities and loss, one step at a time.

import { mount } from "../app.js";
import { greyScale, signedScale } from "../colours.js";
import { button, choice, menu, slider } from "../controls.js";
import { Curves } from "../curves.js";
import { element, setText } from "../dom.js";
import { fitCell, Grid } from "../grid.js";
import { matrix } from "../matrices.js";
import { clamp, show } from "../numbers.js";
import { trainer } from "./backprop_network.js";

const FILTERS = 4;
const SMALL = 118; // px of a kernel, its gradient and its map
const HELD = 80; // ms between steps while the button is held

function render({ model, el }) {
  const limits = model.get("limits");
  const pictures = model.get("pictures");
  return mount({
    model,
    el,
    label: "A network learns a digit",
    properties: ["digit", "learn", "rate", "steps"],
    compute: trainer(model.get("start"), pictures),
    build(app) {
      const go = (by) => app.set({ steps: clamp(app.state.steps + by, 0, limits.steps) });
      const digit = menu({ label: "Digit", options: pictures.map((_, label) => [String(label), `Digit ${label}`]), change: (label) => app.set({ digit: Number(label) }) });
      const learn = choice({ label: "Learn from", options: [["this digit", "this digit"], ["all ten digits", "all ten digits"]], change: (name) => app.set({ learn: name }) });
      const rate = slider({ label: "Rate", min: limits.rate[0], max: limits.rate[1], step: 0.1, change: (value) => app.set({ rate: value }), say: app.say });
      const steps = slider({ label: "Steps made", min: 0, max: limits.steps, change: (value) => app.set({ steps: value }), say: app.say });
      const one = button("One step", () => held || go(1), { class: "cnn-press" });
      const buttons = [one, button("Ten steps", () => go(10)), button("Start again", () => app.set({ steps: 0 }))];
      // Held, it goes on stepping; a click is one step.
      let timer = 0;
      let held = false;
      const stop = () => clearInterval(timer);
      one.addEventListener("pointerdown", (event) => {
        if (event.button) return;
        stop();
        held = false;
        const began = performance.now();
        timer = setInterval(() => {
          if (performance.now() - began < 350) return;
          held = true;
          go(1);
        }, HELD);
      });
      for (const type of ["pointerup", "pointerleave", "pointercancel", "blur"]) one.addEventListener(type, stop);
      one.addEventListener("keydown", () => (held = false));
      app.onClose(stop);

      const input = new Grid({ name: "input", label: "Digit" });
      const back = new Grid({ name: "gradient", label: "Gradient of the digit's pixels" });
      const rows = [
        ["kernel", "Kernel"],
        ["gradient", "Gradient of kernel"],
        ["output", "Map of kernel"],
      ].map(([name, label]) => Array.from({ length: FILTERS }, (_, f) => new Grid({ name, label: `${label} ${f + 1}` })));
      for (const grid of [input, back, ...rows.flat()]) grid.canvas.tabIndex = -1;
      const chart = new Curves({ name: "loss", label: "Loss" });
      const bars = new Curves({ name: "classes", label: "Probabilities" });
      const words = element("p", { class: "cnn-summary cnn-train-words", "aria-live": "polite" });
      app.root.append(
        element("div", { class: "cnn-controls cnn-across" }, digit.element, learn.element, rate.element, steps.element),
        element("div", { class: "cnn-player" }, ...buttons),
        element(
          "div",
          { class: "cnn-train" },
          element("div", { class: "cnn-pair" }, input.element, back.element),
          element("div", { class: "cnn-filters" }, ...rows.flat().map((grid) => grid.element)),
          element("div", {}, chart.element, bars.element),
        ),
        words,
      );

      return (result, state) => {
        const { losses, weights, gradients, probabilities, maps, byInput } = result;
        const dark = app.root.classList.contains("cnn-dark");
        digit.update(String(state.digit));
        learn.update(state.learn);
        rate.update(state.rate);
        steps.update(state.steps);
        buttons[0].disabled = buttons[1].disabled = state.steps >= limits.steps;
        buttons[2].disabled = !state.steps;
        if (buttons[0].disabled) stop();

        const draw = (grid, values, rowsOf, scale, box, most) => grid.draw({ matrix: matrix(rowsOf, rowsOf, Float64Array.from(values)), scale, box: [box, box], cell: fitCell([[rowsOf, rowsOf]], [box, box], most), dark, digits: 2 });
        draw(input, pictures[state.digit], 8, greyScale(0, 1), 168, 21);
        input.describe(`Digit <b>${state.digit}</b>`, "8 by 8 pixels.");
        const strongest = Math.max(...byInput.map(Math.abs), 0.01);
        draw(back, byInput, 8, signedScale(strongest), 168, 21);
        back.describe(`<b>dL/dx</b> up to ±${show(strongest, 2)}`, "Which pixels would change the loss: red ones raise it, blue ones lower it when they grow brighter.");
        const most = Math.max(...gradients[0].map(Math.abs), 0.02);
        const brightest = Math.max(...maps, 0.01);
        const small = Math.min(SMALL, Math.floor((app.root.clientWidth - 12) / 4));
        const taps = small < SMALL ? 21 : Math.floor(SMALL / 3); // where there is no room for numbers, colours alone
        for (let f = 0; f < FILTERS; f++) {
          const part = (values, size) => [...values.slice(f * size, (f + 1) * size)].map((value) => Math.round(100 * value) / 100);
          draw(rows[0][f], part(weights[0], 9), 3, signedScale(2), small, taps);
          rows[0][f].describe(`kernel <b>${f + 1}</b>`, part(weights[0], 9).map((value) => show(value, 2)).join(" "));
          draw(rows[1][f], part(gradients[0], 9), 3, signedScale(2 * most), small, taps);
          rows[1][f].describe("<b>dL/dw</b>", part(gradients[0], 9).map((value) => show(value, 2)).join(" "));
          draw(rows[2][f], part(maps, 36), 6, greyScale(0, brightest), small, Math.floor(small / 6));
          rows[2][f].describe(f ? "map" : `${small < SMALL ? "" : "map, "}0 … ${show(brightest, 2)}`, "The kernel’s answers on the digit after ReLU.");
        }
        const width = Math.max(240, Math.min(460, app.root.clientWidth > 1000 ? app.root.clientWidth - 168 - 4 * SMALL - 70 : app.root.clientWidth));
        const end = Math.max(20, Math.ceil(state.steps / 20) * 20);
        const highest = Math.max(2.5, Math.ceil(Math.max(...losses) * 2) / 2);
        chart.draw({
          box: [width, 206],
          x: { range: [0, end], name: "steps" },
          y: { range: [0, highest], name: "loss" },
          rules: [{ y: Math.log(10), style: "dotted", name: "guessing: ln 10" }],
          lines: [{ points: losses.map((loss, i) => [i, loss]), role: "gradient" }],
          dots: [{ at: [state.steps, losses.at(-1)], role: "gradient", large: true }],
        });
        chart.describe(`Loss <b>${show(losses.at(-1), 3)}</b>`, `After ${state.steps} steps the loss is ${show(losses.at(-1), 3)}.`);
        bars.draw({
          box: [width, 150],
          x: { range: [-0.6, 9.6], ticks: pictures.map((_, label) => label), name: "" },
          y: { range: [0, 1], ticks: [0, 0.5, 1], name: "p" },
          boxes: [...probabilities].map((p, label) => ({ x: [label - 0.4, label + 0.4], y: [0, p], role: label === state.digit ? "output" : "input", strength: label === state.digit ? 0.9 : 0.5 })),
        });
        bars.describe(`The network says: p(${state.digit}) = <b>${show(probabilities[state.digit], 3)}</b>`, [...probabilities].map((p, label) => `${label}: ${show(p, 2)}`).join(", "));
        const guess = probabilities.indexOf(Math.max(...probabilities));
        setText(
          words,
          `${state.steps === 1 ? "1 step" : `${state.steps} steps`} with rate ${show(state.rate)} on ${state.learn}: loss ${show(losses.at(-1), 3)}${state.steps ? `, ${show(losses.at(-2), 3)} one step before` : ""}. ` +
            `Shown a ${state.digit}, the network says ${guess} with probability ${show(probabilities[guess], 2)}.${losses.at(-1) > losses[0] ? " The loss has grown: the steps are too long." : ""}`,
        );
      };
    },
  });
}

export default { render };
