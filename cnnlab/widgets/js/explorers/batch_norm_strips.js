// Three number lines below each other: activations, normalised, scaled and shifted. A line follows each example down.

import { element, setText } from "../dom.js";
import { clamp, read, show } from "../numbers.js";

const MOST = 12; // examples
const FAR = 10; // values lie between -FAR and FAR
const [HEIGHT, TOP, GAP, PAD] = [298, 56, 96, 16];
const TITLES = [["input", "activations x"], ["plain", "normalised x̂"], ["output", "scaled and shifted y"]];
const OWN_KEYS = { "data-lm-suppress-shortcuts": "true" };

function svg(tag, attributes = {}, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

const put = (node, attributes) => {
  for (const [name, value] of Object.entries(attributes)) if (node.getAttribute(name) !== String(value)) node.setAttribute(name, value);
};

export function buildStrips(app) {
  const { look } = app;
  let width = 500;
  const left = (value) => PAD + ((clamp(value, -FAR, FAR) + FAR) / (2 * FAR)) * (width - 2 * PAD);
  const top = (strip, i) => TOP + strip * GAP + ((i % 3) - 1) * 7;

  // Everything is made once and moved: what is dragged must not be replaced under the pointer.
  const rows = TITLES.map(([role, title], strip) => {
    const part = {
      band: svg("rect", { class: `cnn-band cnn-role-${role}`, y: TOP + strip * GAP - 22, height: 44 }),
      line: svg("path", { class: "cnn-base" }),
      ticks: Array.from({ length: 5 }, (_, i) => svg("text", { y: TOP + strip * GAP + 38, "text-anchor": "middle", class: "cnn-tick" }, String(i * 5 - 10).replace("-", "−"))),
      middle: svg("path", { class: `cnn-centre cnn-role-${role}` }),
      title: svg("text", { x: PAD, y: TOP + strip * GAP - 30, class: `cnn-title cnn-role-${role}` }, title),
      told: svg("text", { y: TOP + strip * GAP - 30, "text-anchor": "end", class: "cnn-told" }),
    };
    return part;
  });
  const threads = Array.from({ length: MOST }, () => svg("path", { class: "cnn-thread" }));
  const dots = TITLES.map(([role], strip) =>
    Array.from({ length: MOST }, (_, i) => svg("circle", { class: `cnn-bead cnn-role-${role}`, r: 9, ...(strip ? {} : { tabindex: 0, role: "slider", "aria-label": `Example ${i + 1}`, "aria-valuemin": -FAR, "aria-valuemax": FAR, "data-lm-suppress-shortcuts": "true" }) })),
  );
  const picture = svg(
    "svg",
    { class: "cnn-strips", height: HEIGHT, role: "group", "aria-label": "Three number lines: activations, normalised, scaled and shifted" },
    ...rows.flatMap(({ band, line, ticks, middle }) => [band, line, ...ticks, middle]),
    ...threads,
    ...rows.flatMap(({ title, told }) => [title, told]),
    ...dots.flat(),
  );
  const summary = element("p", { class: "cnn-summary", "aria-live": "polite" });

  dots[0].forEach((dot, i) => {
    const choose = () => {
      look.example = i;
      app.redraw();
    };
    dot.addEventListener("pointerdown", (event) => {
      dot.setPointerCapture(event.pointerId);
      choose();
    });
    dot.addEventListener("pointermove", (event) => {
      if (!dot.hasPointerCapture(event.pointerId)) return;
      const px = event.clientX - picture.getBoundingClientRect().left;
      app.setValue(i, clamp(Math.round((((px - PAD) / (width - 2 * PAD)) * 2 * FAR - FAR) * 10) / 10, -FAR, FAR));
    });
    dot.addEventListener("focus", choose);
    dot.addEventListener("keydown", (event) => {
      const value = app.state.batches[app.state.step][i];
      const step = { ArrowLeft: -0.1, ArrowDown: -0.1, ArrowRight: 0.1, ArrowUp: 0.1, PageDown: -1, PageUp: 1, Home: -FAR - value, End: FAR - value }[event.key];
      if (!step || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      event.stopPropagation();
      app.setValue(i, clamp(Math.round((value + step) * 10) / 10, -FAR, FAR));
    });
  });

  const boxes = Array.from({ length: MOST }, (_, i) => element("input", { type: "text", inputmode: "decimal", "aria-label": `Value ${i + 1}`, ...OWN_KEYS, onchange: () => typed(i), onfocus: () => ((look.example = i), app.redraw()) }));
  function typed(i) {
    const wish = read(boxes[i].value);
    const old = app.state.batches[app.state.step][i];
    const value = clamp(wish ?? old, -FAR, FAR);
    boxes[i].value = show(value);
    app.setValue(i, value);
    if (wish === null) app.say(`Value ${i + 1}: a number from −${FAR} to ${FAR} is needed; ${show(old)} stays.`);
    else if (wish !== value) app.say(`Value ${i + 1}: ${show(wish)} is outside −${FAR} to ${FAR}; ${show(value)} is used.`);
  }

  function draw(result, { gamma, beta, training }) {
    width = Math.max(280, picture.parentElement.clientWidth);
    put(picture, { width, viewBox: `0 0 ${width} ${HEIGHT}` });
    const { values, normalized, output, mean, deviation } = result;
    const hidden = look.hidden;
    const bands = [[mean, deviation], [0, 1], [beta, Math.abs(gamma)]];
    const words = [`${training ? "" : "moving averages "}μ ± σ: ${show(mean)} ± ${show(deviation)}`, "0 ± 1", `β ± γ: ${show(beta)} ± ${show(Math.abs(gamma))}`];
    rows.forEach(({ band, line, ticks, middle, told }, strip) => {
      const [centre, spread] = bands[strip];
      const [from, to] = [left(centre - spread), left(centre + spread)];
      const y = TOP + strip * GAP;
      put(band, { x: from, width: Math.max(0, to - from) });
      put(line, { d: `M${PAD} ${y}H${width - PAD}${[-10, -5, 0, 5, 10].map((at) => `M${left(at)} ${y - 5}v10`).join("")}` });
      ticks.forEach((tick, i) => put(tick, { x: left(i * 5 - 10) }));
      put(middle, { d: `M${left(centre)} ${y - 24}v48` });
      put(told, { x: width - PAD });
      setText(told, words[strip]);
    });
    [values, normalized, output].forEach((list, strip) =>
      dots[strip].forEach((dot, i) => {
        const there = i < list.length && !(hidden && strip > 0);
        put(dot, { visibility: there ? "visible" : "hidden", ...(there ? { cx: left(list[i]), cy: top(strip, i) } : {}) });
        dot.classList.toggle("cnn-picked", i === look.example);
        if (there && strip === 0) put(dot, { "aria-valuenow": list[i], "aria-valuetext": `${show(list[i])}, normalised ${hidden ? "hidden" : show(normalized[i])}` });
      }),
    );
    threads.forEach((thread, i) => {
      const there = i < values.length && !hidden;
      put(thread, { visibility: there ? "visible" : "hidden", ...(there ? { d: `M${[values, normalized, output].map((list, strip) => `${left(list[i])} ${top(strip, i)}`).join("L")}` } : {}) });
      thread.classList.toggle("cnn-picked", i === look.example);
    });
    boxes.forEach((box, i) => {
      const there = i < values.length;
      box.style.visibility = there ? "visible" : "hidden";
      box.classList.toggle("cnn-picked", there && i === look.example);
      if (there && document.activeElement !== box) box.value = show(values[i]);
    });
    const i = look.example;
    setText(summary, hidden ? "Steps 3 and 4 are covered until you have predicted." : `Example ${i + 1}: ${show(values[i])} becomes ${show(normalized[i])}, then ${show(output[i])}.${[values, normalized, output].some((list) => list.some((value) => Math.abs(value) > FAR)) ? " What lies beyond ±10 stands at the edge." : ""}`);
  }

  return { element: element("div", { class: "cnn-strip-holder" }, picture, summary), boxes: element("div", { class: "cnn-values", role: "group", "aria-label": "The mini-batch, to be typed" }, ...boxes), draw };
}
