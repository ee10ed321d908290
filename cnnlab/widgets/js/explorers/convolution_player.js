// Play, pause and step the scan: the window visits every output cell in turn, and the output fills.

import { button } from "../controls.js";
import { element, setText } from "../dom.js";

const WHOLE_SCAN = 20; // seconds at most
const SLOWEST = 1.5; // cells a second

export function buildPlayer(app) {
  const { look } = app;
  let playing = false;
  let frame = 0;
  let total = 1;
  let columns = 1;
  let defining = null; // the result the scan belongs to

  const go = (index) => {
    look.hover = null;
    app.set({ position: [Math.floor(index / columns), index % columns] });
  };
  const here = () => app.state.position[0] * columns + app.state.position[1];
  const step = (by) => () => {
    stop();
    look.scanned = Infinity;
    go((here() + by + total) % total);
  };

  function play() {
    if (playing) return stop();
    playing = true;
    const start = Number.isFinite(look.scanned) && look.scanned < total - 1 ? look.scanned : 0;
    const rate = Math.max(SLOWEST, total / WHOLE_SCAN);
    const began = performance.now();
    const tick = (now) => {
      const index = Math.min(start + Math.floor(((now - began) / 1000) * rate), total - 1);
      if (index !== look.scanned) {
        look.scanned = index;
        go(index);
      }
      if (index < total - 1) frame = requestAnimationFrame(tick);
      else stop(); // the output is complete
    };
    frame = requestAnimationFrame(tick);
    app.redraw();
  }

  function stop() {
    cancelAnimationFrame(frame);
    if (playing) app.redraw();
    playing = false;
  }
  app.onClose(stop);

  const toggle = button("Play", play, { class: "cnn-play" });
  const where = element("span", { class: "cnn-where" });
  const whole = element("div", { class: "cnn-player", role: "group", "aria-label": "Scan" }, button("Step back", step(-1)), toggle, button("Step", step(1)), where);

  return {
    element: whole,
    draw(result) {
      total = result.output.data.length;
      columns = result.output.cols;
      if (defining && defining !== result) {
        stop(); // a new setting: the whole output again
        look.scanned = Infinity;
      }
      defining = result;
      setText(toggle, playing ? "Pause" : "Play");
      setText(where, `window ${Math.min(here(), total - 1) + 1} of ${total}`);
    },
  };
}
