// Brings the widgets of a static page to life: what JupyterLab and a kernel do for an anywidget, without either.
(() => {
  const { modules, styles, models } = JSON.parse(document.getElementById("cnnlab-widgets").textContent);

  function same(a, b) {
    if (a === b) return true;
    const plain = (x) => typeof x === "object" && x !== null && !ArrayBuffer.isView(x);
    return plain(a) && plain(b) && JSON.stringify(a) === JSON.stringify(b);
  }

  // Python's bytes arrive as DataViews, as they do from a kernel.
  function restore(state, buffers) {
    for (const { path, data } of buffers) {
      const bytes = Uint8Array.from(atob(data), (character) => character.charCodeAt(0));
      const owner = path.slice(0, -1).reduce((part, key) => part[key], state);
      owner[path.at(-1)] = new DataView(bytes.buffer);
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
      save_changes() {}, // nobody listens: there is no kernel
      send() {},
    };
    return model;
  }

  const load = modules.map(async (source) => {
    const address = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
    const module = await import(address);
    return typeof module.default === "function" ? module.default() : (module.default ?? module);
  });
  const experimental = { invoke: () => Promise.reject(new Error("this page has no kernel")) };
  const { signal } = new AbortController();

  for (const source of styles) {
    document.head.append(Object.assign(document.createElement("style"), { textContent: source }));
  }
  const ready = Object.fromEntries(
    Object.entries(models).map(([id, description]) => {
      const model = createModel(description);
      const start = async () => {
        const widget = await load[description.module];
        await widget.initialize?.({ model, signal, experimental });
        return { model, widget };
      };
      return [id, start()];
    }),
  );
  for (const el of document.querySelectorAll("[data-cnnlab-model]")) {
    ready[el.dataset.cnnlabModel]
      .then(({ model, widget }) => {
        el.replaceChildren();
        el.classList.add(...(model.get("_dom_classes") ?? []));
        return widget.render?.({ model, el, signal, experimental });
      })
      .catch((error) => {
        el.textContent = `This part could not start: ${error.message}`;
        console.error(error);
      });
  }
})();
