/* Frames of better answers come with "__" where the player's own words belong. */

import { t } from "../i18n.js";

const BLANK = /_{2,}/;

/** Return the nodes of a frame, each "__" drawn as a line to write on. */
export function withBlanks(frame) {
  return frame.split(BLANK).flatMap((piece, index) => (index === 0 ? [piece] : [blank(), piece]));
}

/** Return a frame as it is read out. */
export function saidAloud(frame) {
  return frame.split(BLANK).join(t("blank"));
}

function blank() {
  const line = document.createElement("span");
  line.className = "blank";
  line.textContent = "\u00a0".repeat(12); // unbreakable, so that no comma starts a line
  line.setAttribute("role", "img");
  line.setAttribute("aria-label", t("blank"));
  return line;
}
