// Which kernel made this picture? The input, the output, and four kernels to choose from.

import { mount } from "../app.js";
import { paleSignedScale } from "../colours.js";
import { button } from "../controls.js";
import { compute } from "../convolution.js";
import { element, setHtml, setText } from "../dom.js";
import { fitCell, Grid } from "../grid.js";
import { scaleBar, scalesOf } from "../scales.js";
import { decode } from "../payload.js";
import { toMatrix } from "../matrices.js";

const PLAIN = { stride: [1, 1], dilation: [1, 1], padding: "same", padding_mode: "reflect", fill: 0, flip: false };

function render({ model, el }) {
  const pictures = model.get("pictures");
  const kernels = model.get("kernels"); // {name: {rows, note}}

  return mount({
    model,
    el,
    label: "Which kernel made this picture?",
    properties: ["input", "answer", "offers", "chosen"],
    compute({ input, answer, offers }) {
      const image = decode(pictures[input]);
      return { image, choices: offers.map((name) => toMatrix(kernels[name].rows)), ...compute({ ...PLAIN, image, kernel: toMatrix(kernels[answer].rows) }) };
    },
    build(app) {
      const input = new Grid({ name: "input", label: "Input" });
      const output = new Grid({ name: "output", label: "Output" });
      const bar = element("div", { class: "cnn-scale", "aria-hidden": "true" });
      output.element.append(bar);
      const offers = Array.from({ length: 4 }, (_, i) => {
        const grid = new Grid({ name: "offer", label: `Kernel ${i + 1}` });
        grid.canvas.tabIndex = -1;
        const pick = button("", () => app.set({ chosen: app.state.offers[i] }));
        return { grid, pick, element: element("div", { class: "cnn-offer" }, grid.element, pick) };
      });
      const verdict = element("p", { class: "cnn-verdict", role: "status" });
      const next = button("Another one", () => app.set(newRound(Object.keys(pictures), Object.keys(kernels), app.state.answer)));
      app.root.append(
        element("div", { class: "cnn-guess" }, input.element, output.element, element("div", { class: "cnn-offers" }, ...offers.map((offer) => offer.element))),
        element("div", { class: "cnn-player" }, next),
        verdict,
      );

      return (result, state) => {
        const dark = app.root.classList.contains("cnn-dark");
        const width = app.root.clientWidth;
        const side = Math.min(300, width > 720 ? Math.floor((width - 360) / 2) : width);
        const { inputScale, outputScale, outputNote } = scalesOf(result);
        for (const [grid, matrix, scale] of [[input, result.image, inputScale], [output, result.output, outputScale]])
          grid.draw({ matrix, scale, box: [side, side], cell: fitCell([[matrix.rows, matrix.cols]], [side, side]), dark });
        input.describe("Input", `${state.input}.`);
        output.describe("Output of the hidden kernel", "Which kernel made it?");
        setHtml(bar, scaleBar(outputScale, outputNote));
        offers.forEach(({ grid, pick, element: card }, i) => {
          const matrix = result.choices[i];
          grid.draw({ matrix, scale: paleSignedScale(matrix.data), box: [140, 104], cell: fitCell([[matrix.rows, matrix.cols]], [140, 104], 34), dark, digits: 2 });
          grid.describe("", `Weights ${state.offers[i]}: ${kernels[state.offers[i]].rows.map((row) => row.join(" ")).join("; ")}`);
          setText(pick, state.offers[i]);
          card.classList.toggle("cnn-picked", state.chosen === state.offers[i]);
        });
        const right = state.chosen === state.answer;
        verdict.classList.toggle("cnn-right", right);
        setText(verdict, state.chosen ? judge(right, state, kernels) : "Look at what is bright, what is dark and what has vanished, then choose.");
      };
    },
  });
}

function judge(right, { chosen, answer }, kernels) {
  const note = (name) => `${kernels[name].note.charAt(0).toLowerCase()}${kernels[name].note.slice(1)}`;
  if (right) return `Right: ${answer} (${note(answer)}).`;
  const [here, hidden] = [chosen, answer].map((name) => sumOf(kernels[name].rows));
  return `Not ${chosen} (${note(chosen)}). Its weights sum to ${here}, those of the hidden kernel ${here === hidden ? "too" : `to ${hidden}`}. Try again.`;
}

function sumOf(rows) {
  return Number(rows.flat().reduce((sum, weight) => sum + weight, 0).toFixed(3));
}

function newRound(pictures, kernels, last) {
  const shuffled = (list) => list.map((entry) => [Math.random(), entry]).sort((a, b) => a[0] - b[0]).map(([, entry]) => entry);
  const offers = shuffled(kernels.filter((name) => name !== last)).slice(0, 4);
  return { input: shuffled(pictures)[0], answer: offers[0], offers: shuffled(offers), chosen: "" };
}

export default { render };
