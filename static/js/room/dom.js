/** Small hands for building nodes; text is always set as text, never parsed as markup. */

/** Return a new element: `h("p", {class: "x", onclick}, "text", node)`. */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name.startsWith("--")) element.style.setProperty(name, value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** Return the element with this id; the template promises it exists. */
export function byId(id) {
  return document.getElementById(id);
}

/** Say whether the reader asked for less motion. */
export function prefersStill() {
  return globalThis.matchMedia("(prefers-reduced-motion: reduce)").matches;
}

/** Return what was kept under `key` on this device, or `fallback`; storage may be shut. */
export function kept(key, fallback = null) {
  try {
    const value = globalThis.localStorage.getItem(key);
    return value === null ? fallback : JSON.parse(value);
  } catch {
    return fallback;
  }
}

/** Keep `value` under `key` on this device; null forgets it. */
export function keep(key, value) {
  try {
    if (value === null) globalThis.localStorage.removeItem(key);
    else globalThis.localStorage.setItem(key, JSON.stringify(value));
  } catch {
    // private windows may refuse; the page works without
  }
}

/** Play a one-shot CSS animation class and take it off again. */
export function play(element, name) {
  if (!element || prefersStill()) return;
  element.classList.remove(name);
  void element.offsetWidth; // restart the animation when it is already running
  element.classList.add(name);
  element.addEventListener("animationend", () => element.classList.remove(name), { once: true });
}
