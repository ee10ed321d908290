// Play, pause and step through anything that comes one after the other: windows, layers, steps of a calculation.

import { button } from "./controls.js";
import { element, setText } from "./dom.js";

const WHOLE = 20; // seconds that playing everything takes at most
const SLOWEST = 1.5; // steps a second

// count(): how many steps there are. here(): the present one. go(index): show that one.
// word: what a step is called. onPlay(index), onStep() come before go. Returns {element, update(), stop()}.
export function player({ app, count, here, go, word, onPlay = () => {}, onStep = () => {} }) {
  let frame = 0;
  let playing = false;

  const step = (by) => () => {
    stop();
    onStep();
    go((here() + by + count()) % count());
  };

  function play() {
    if (playing) return stop();
    playing = true;
    const start = here() >= count() - 1 ? 0 : here();
    const rate = Math.max(SLOWEST, count() / WHOLE);
    let began = null;
    let shown = null;
    const tick = (now) => {
      began ??= now;
      const index = Math.min(start + Math.floor(((now - began) / 1000) * rate), count() - 1);
      if (index !== shown) {
        shown = index;
        onPlay(index);
        go(index);
      }
      if (index < count() - 1) frame = requestAnimationFrame(tick);
      else stop();
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
  return {
    element: element("div", { class: "cnn-player", role: "group", "aria-label": `Step through every ${word}` }, button("Step back", step(-1)), toggle, button("Step", step(1)), where),
    stop,
    update() {
      setText(toggle, playing ? "Pause" : "Play");
      setText(where, `${word} ${Math.min(here(), count() - 1) + 1} of ${count()}`);
    },
  };
}
