/** The keyboard of the room: one table, also read out by the help dialog. */

import { isComposing, isTyping } from "./a11y.js";

/** Listen for the room's keys; `actions` has one function per key, returning true when it acted. */
export function wireKeys(actions) {
  document.addEventListener("keydown", (event) => {
    if (isComposing(event) || event.ctrlKey || event.metaKey || event.altKey) return;
    if (document.querySelector("dialog[open]")) return;
    const act = event.key === "Escape" ? actions.escape : plain(event, actions);
    if (act?.()) event.preventDefault();
  });
}

function plain(event, actions) {
  if (isTyping(event)) return null;
  if (/^[1-9]$/.test(event.key)) return () => actions.seat(Number(event.key));
  if (event.key === " ") return event.target.closest("button, a, [role=tab]") ? null : actions.finish;
  return { "/": actions.focus, "?": actions.help, h: actions.hint, H: actions.hint }[event.key];
}
