// The page of an app that computes in the kernel: controls, pictures, words. One question is under way at a time.

import { mount } from "../app.js";
import { menu, slider } from "../controls.js";
import { element, setText } from "../dom.js";

const SLOW = 400; // ms: from then on the page says that it waits

function render({ model, el }) {
  const controls = model.get("controls");
  let asked = null; // the number of the answer that was there when the last question went out

  return mount({
    model,
    el,
    label: model.get("label"),
    properties: [...controls.map(({ name }) => name), "answer"],
    // A new question goes out only once the last one is answered; until then the newest state waits.
    maySave(state) {
      if (asked !== null && state.answer.number === asked) return false;
      asked = state.answer.number;
      return true;
    },
    compute: ({ answer }) => answer,
    build(app) {
      const parts = controls.map(({ kind, name, label, ...more }) => {
        const make = kind === "menu" ? menu : slider;
        return [name, make({ label, say: app.say, change: (value) => app.set({ [name]: value }), ...more })];
      });
      const pictures = element("div", { class: "cnn-pictures" });
      const words = element("p", { class: "cnn-summary", "aria-live": "polite" });
      const waiting = element("p", { class: "cnn-where", role: "status" });
      app.root.append(
        element("div", { class: "cnn-columns" }, element("div", { class: "cnn-controls" }, ...parts.map(([, part]) => part.element)), element("div", { class: "cnn-main" }, pictures, words, waiting)),
      );
      let shown = null;
      let timer = 0;
      app.onClose(() => clearTimeout(timer));

      return (answer, state) => {
        for (const [name, part] of parts) part.update(state[name]);
        if (asked !== null && answer.number === asked) timer ||= setTimeout(() => setText(waiting, "computing …"), SLOW);
        else {
          clearTimeout(timer);
          timer = 0;
          setText(waiting, "");
        }
        if (answer === shown) return;
        shown = answer;
        if (answer.refusal) return app.refuse(answer.refusal); // the last good picture stays
        app.say("");
        paint(pictures, answer);
        setText(words, answer.text);
      };
    },
  });
}

// Pictures change in place: the new one is decoded before it replaces the old, so nothing flickers.
function paint(holder, { pictures, text }) {
  const captions = Object.keys(pictures);
  if (holder.children.length !== captions.length) holder.replaceChildren(...captions.map(() => element("figure", { class: "cnn-grid" }, element("figcaption"), element("canvas", { class: "cnn-canvas", role: "img" }))));
  captions.forEach(async (caption, i) => {
    const [title, canvas] = holder.children[i].children;
    setText(title, caption);
    canvas.setAttribute("aria-label", `${caption}. ${text}`);
    const bytes = pictures[caption];
    const bitmap = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
    const factor = Math.max(1, Math.floor(360 / Math.max(bitmap.width, bitmap.height)));
    canvas.width = bitmap.width * factor;
    canvas.height = bitmap.height * factor;
    const pen = canvas.getContext("2d");
    pen.imageSmoothingEnabled = false;
    pen.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    bitmap.close();
  });
}

export default { render };
