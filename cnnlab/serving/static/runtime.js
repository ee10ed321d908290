// Brings the widgets of a static page to life: what JupyterLab and a kernel do for an anywidget, without either.
(() => {
  const bytesOf = (base64) => Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));

  // The page carries modules, styles and states in one gzipped piece.
  function unpack() {
    const packed = new Blob([bytesOf(document.getElementById("cnnlab-widgets").textContent.trim())]);
    return new Response(packed.stream().pipeThrough(new DecompressionStream("gzip"))).json();
  }

  // Objects are the same if they say the same; bytes inside them are taken to differ.
  function same(a, b) {
    if (a === b) return true;
    const plain = (x) => typeof x === "object" && x !== null && !ArrayBuffer.isView(x);
    const text = (x) => JSON.stringify(x, (key, value) => (ArrayBuffer.isView(value) ? Math.random() : value));
    return plain(a) && plain(b) && text(a) === text(b);
  }

  // Python's bytes arrive as DataViews, as they do from a kernel.
  function restore(state, buffers) {
    for (const { path, data } of buffers) {
      const owner = path.slice(0, -1).reduce((part, key) => part[key], state);
      owner[path.at(-1)] = new DataView(bytesOf(data).buffer);
    }
    return state;
  }

  // Events as ipywidgets sends them: `change:name` for each new value, then one `change`; the latter is lost where a
  // handler of the former sets more values.
  function createModel({ state, buffers }) {
    restore(state, buffers);
    const listeners = [];
    let [changing, pending] = [false, false];
    const emit = (event, ...details) =>
      listeners.filter((l) => l.event === event).forEach((l) => l.handler.call(l.context ?? model, ...details));
    const model = {
      get: (name) => state[name],
      set(name, value) {
        const wanted = typeof name === "object" ? name : { [name]: value };
        const changed = Object.keys(wanted).filter((key) => !same(state[key], wanted[key]));
        Object.assign(state, wanted);
        const nested = changing;
        changing = true;
        pending ||= changed.length > 0;
        try {
          changed.forEach((key) => emit(`change:${key}`, model, state[key], {}));
          while (pending && !nested) {
            pending = false;
            emit("change", model, {});
          }
        } finally {
          changing = pending = false;
        }
      },
      on: (events, handler, context) => events.split(" ").forEach((event) => listeners.push({ event, handler, context })),
      off(events, handler) {
        const gone = (l) => (!events || events.split(" ").includes(l.event)) && (!handler || l.handler === handler);
        listeners.splice(0, listeners.length, ...listeners.filter((l) => !gone(l)));
      },
      withoutKernel: true, // for apps that can do nothing without one
      save_changes() {}, // nobody listens
      send() {},
    };
    return model;
  }

  async function load(source) {
    const module = await import(URL.createObjectURL(new Blob([source], { type: "text/javascript" })));
    return typeof module.default === "function" ? module.default() : (module.default ?? module);
  }

  const experimental = { invoke: () => Promise.reject(new Error("this page has no kernel")) };
  const { signal } = new AbortController();

  async function start({ model, widget }) {
    await (await widget).initialize?.({ model, signal, experimental });
  }

  const page = unpack().then(({ modules, styles, models }) => {
    for (const source of styles) {
      document.head.append(Object.assign(document.createElement("style"), { textContent: source }));
    }
    const widgets = modules.map(load);
    return Object.fromEntries(
      Object.entries(models).map(([id, description]) => {
        const part = { model: createModel(description), widget: widgets[description.module] };
        return [id, { ...part, started: start(part) }];
      }),
    );
  });

  async function show(el) {
    const { model, widget, started } = (await page)[el.dataset.cnnlabModel];
    await started;
    el.replaceChildren();
    el.classList.add(...(model.get("_dom_classes") ?? []));
    await (await widget).render?.({ model, el, signal, experimental });
  }

  for (const el of document.querySelectorAll("[data-cnnlab-model]")) {
    show(el).catch((error) => {
      el.textContent = `This part could not start: ${error.message}`;
      console.error(error);
    });
  }
})();
