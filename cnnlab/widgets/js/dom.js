// Small helpers for making elements.

// element("button", { class: "x", onclick: f }, child, "text", ...): attributes, "on..." listeners, children.
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value !== undefined && value !== null) made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

// Set text only where it differs: a screen reader then speaks changes alone.
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

export function setHtml(node, html) {
  if (node.$html !== html) {
    node.$html = html;
    node.innerHTML = html;
  }
}

export function prefersStill() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}
