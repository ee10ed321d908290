// Rows of a table that are dragged to another place by a grip.

import { element } from "./dom.js";
import { clamp } from "./numbers.js";

// box: what scrolls; rows(): the row elements, the first of them fixed; grab(number): a row was taken; move(from, to).
export function dragRows(box, { rows, grab, move }) {
  let dragged = null; // number of the row under way
  const numberAt = (y) => {
    const tops = rows().map((row) => row.getBoundingClientRect().top);
    return clamp(tops.filter((top) => top <= y).length - 1, 1, tops.length - 1);
  };
  box.addEventListener("pointermove", (event) => {
    if (!dragged) return;
    const to = numberAt(event.clientY);
    if (to === dragged) return;
    move(dragged, to);
    dragged = to;
  });
  for (const type of ["pointerup", "pointercancel"]) box.addEventListener(type, () => (dragged = null));

  return {
    numberAt,
    // The grip of a row; row 0 has none.
    grip(number) {
      const grip = element("span", { class: "cnn-grip", "aria-hidden": "true", title: "drag to another place" }, number ? "⠿" : "");
      grip.addEventListener("pointerdown", (event) => {
        if (!number || event.button) return;
        event.preventDefault();
        dragged = number;
        box.setPointerCapture(event.pointerId);
        grab(number);
      });
      return grip;
    },
  };
}
