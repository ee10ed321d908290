// Says within five seconds when the page has lost its kernel or its server, and keeps the explorers' settings for a
// reload. Without it Voila's page stays silent: sliders move, and pictures freeze.
(() => {
  const EVERY = 2000; // ms between two looks
  const PATIENCE = 2500; // ms that a busy server may take to answer
  const PREFIX = `cnnlab ${location.pathname} `;
  const RETURNING = `${PREFIX}returning`; // set where the learner asked for the settings back

  const { baseUrl, kernelId } = JSON.parse(document.getElementById("jupyter-config-data").textContent);
  const returning = stored(RETURNING) !== null;
  sessionStorage.removeItem(RETURNING);

  function stored(key) {
    try {
      return JSON.parse(sessionStorage.getItem(key));
    } catch {
      return null;
    }
  }

  // What explorers use, see widgets/js/app.js.
  window.cnnlabKeeper = {
    keep(name, settings) {
      try {
        sessionStorage.setItem(PREFIX + name, JSON.stringify(settings));
      } catch {
        // The storage is full or forbidden: then nothing is kept.
      }
    },
    kept: (name) => (returning ? stored(PREFIX + name) : null),
  };

  const banner = document.createElement("div");
  banner.className = "cnnlab-lost";
  banner.setAttribute("role", "alert");
  banner.hidden = true;
  document.body.append(banner);

  function say(text, button) {
    if (!banner.hidden && banner.dataset.text === text) return;
    banner.dataset.text = text;
    const words = document.createElement("p");
    words.textContent = text;
    banner.replaceChildren(words);
    if (button) {
      const again = document.createElement("button");
      again.textContent = button;
      again.addEventListener("click", () => {
        sessionStorage.setItem(RETURNING, "true");
        location.reload();
      });
      banner.append(again);
    }
    banner.hidden = false;
  }

  async function look() {
    if (!navigator.onLine) return "away";
    try {
      const { ok, status } = await fetch(`${baseUrl}api/kernels/${kernelId}`, { signal: AbortSignal.timeout(PATIENCE), cache: "no-store" });
      if (ok) return "here";
      return status < 500 ? "lost" : "away";
    } catch {
      return "away";
    }
  }

  let timer = 0;
  async function watch() {
    clearTimeout(timer);
    const state = await look();
    if (state === "lost") {
      say("The Python behind this page has ended, so parts that need it no longer answer. What was trained in it is gone; your settings in the explorers are kept.", "Reload with my settings");
      return; // a kernel does not come back
    }
    if (state === "away") say("No answer from the server. Your settings are kept; this page tries again every two seconds.");
    else banner.hidden = true;
    timer = setTimeout(watch, EVERY);
  }

  addEventListener("pagehide", () => clearTimeout(timer));
  for (const event of ["pageshow", "online", "offline"]) addEventListener(event, watch);
  document.addEventListener("visibilitychange", () => document.hidden || watch());
})();
