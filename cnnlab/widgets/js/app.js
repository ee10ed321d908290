// The base of every explorer: state -> compute(state) -> draw(result, state).
//
// State lives in the widget's traits, so Python reads, sets and observes the same values. Any number of changes
// between two pictures on the screen cost one computation, with the newest values: nothing queues. Bad input
// (a UserError from compute) shows a red sentence and leaves the last good picture.

import { UserError } from "./errors.js";
import { element } from "./dom.js";
import { isDark } from "./colours.js";

const KEEP_EVERY = 500; // ms between two notes of the settings for a page that is loaded again
const SAVE_EVERY = 100; // ms: a drag reaches Python ten times a second, not sixty

// properties: names of the traits that are state. maySave(state): whether Python may be told of changes now; asked
// again whenever something changes. build(app) makes the controls and the stage once and returns
// draw(result, state), which changes what is on the screen in place. keeps: the properties that a page may keep over a
// reload. Returns the function that takes all away.
export function mount({ model, el, label, properties, compute, build, maySave = () => true, keeps = properties }) {
  const root = element("section", { class: "cnnlab", "aria-label": label });
  const notice = element("p", { class: "cnn-notice", role: "alert" });
  const state = {};
  const unsaved = {}; // changes that Python has not been told yet
  const cleanups = [];
  let draw = () => {};
  let frame = 0;
  let saving = 0;
  let keeping = 0;
  let result = null;
  let failing = false; // whether the last state could not be computed

  const app = {
    root,
    model,
    state,
    // Change some state; unknown names are a fault of ours.
    set(changes) {
      for (const [name, value] of Object.entries(changes)) {
        if (!properties.includes(name)) throw new Error(`${name} is no property of this app`);
        state[name] = unsaved[name] = value;
      }
      app.say("");
      app.redraw();
      saving ||= setTimeout(save, SAVE_EVERY);
      keeping ||= setTimeout(keep, KEEP_EVERY);
    },
    redraw() {
      frame ||= requestAnimationFrame(render);
    },
    // A word on something that was put right ("99 is too much: 5 is used"); goes with the next change of state.
    say(text) {
      notice.textContent = text;
      notice.classList.remove("cnn-bad");
    },
    refuse(text) {
      notice.textContent = text;
      notice.classList.add("cnn-bad");
    },
    onClose(cleanup) {
      cleanups.push(cleanup);
    },
  };

  function save() {
    saving = 0;
    if (!Object.keys(unsaved).length || !maySave(state)) return; // `follow` comes back to it
    for (const [name, value] of Object.entries(unsaved)) {
      delete unsaved[name];
      model.set(name, value);
    }
    model.save_changes();
  }

  // The settings as a page may keep them over a reload: a lesson's page where a kernel was lost does.
  const keeper = globalThis.cnnlabKeeper;
  const twins = [...document.querySelectorAll("section.cnnlab")].filter((other) => other.getAttribute("aria-label") === label).length;
  const keptAs = `${label} ${twins}`;

  function keep() {
    keeping = 0;
    keeper?.keep(keptAs, Object.fromEntries(keeps.map((name) => [name, state[name]])));
  }

  function takeUp(kept) {
    const known = Object.entries(kept ?? {}).filter(([name]) => keeps.includes(name));
    if (known.length) app.set(Object.fromEntries(known));
  }

  function render() {
    frame = 0;
    root.classList.toggle("cnn-dark", isDark(el));
    try {
      result = compute(state);
      if (failing) app.say("");
      failing = false;
    } catch (error) {
      failing = true;
      if (!(error instanceof UserError)) console.error(error);
      app.refuse(error instanceof UserError ? error.message : `This setting cannot be shown (${error.message}).`);
    }
    root.classList.toggle("cnn-stale", failing);
    if (result) draw(result, state);
  }

  function follow(name) {
    const changed = () => {
      if (name in unsaved) return; // an echo of an older value: the learner's own is newer
      state[name] = model.get(name);
      app.redraw();
      saving ||= setTimeout(save, 0);
    };
    state[name] = model.get(name);
    model.on(`change:${name}`, changed);
    cleanups.push(() => model.off(`change:${name}`, changed));
  }

  properties.forEach(follow);
  el.append(root);
  draw = build(app);
  root.append(notice);
  takeUp(keeper?.kept(keptAs));

  // The theme and the width belong to the page: both redraw.
  const themes = new MutationObserver(app.redraw);
  for (const node of [document.documentElement, document.body])
    themes.observe(node, { attributes: true, attributeFilter: ["class", "style", "theme", "data-jp-theme-light", "data-theme"] });
  const scheme = matchMedia("(prefers-color-scheme: dark)");
  scheme.addEventListener("change", app.redraw);
  const sizes = new ResizeObserver(app.redraw);
  sizes.observe(root);
  app.redraw();

  return () => {
    cancelAnimationFrame(frame);
    clearTimeout(keeping);
    if (saving) {
      clearTimeout(saving);
      save();
    }
    themes.disconnect();
    sizes.disconnect();
    scheme.removeEventListener("change", app.redraw);
    cleanups.forEach((cleanup) => cleanup());
    root.remove();
  };
}
