/** The seal that falls on the transcript when the room is settled. */

import { t } from "../i18n.js";
import { byId } from "./dom.js";
import { score, verdictSentence, verdictWord } from "./words.js";

/** Show the verdict of a settled room; the first time, focus goes to the way on. */
export function showVerdict(state, room, words) {
  const sheet = byId("verdict");
  if (!state.result) {
    sheet.hidden = true;
    return;
  }
  if (!sheet.hidden) return;
  const end = state.entries.findLast((entry) => entry.kind === "settled").data;
  sheet.dataset.result = end.result;
  byId("verdict-word").textContent = verdictWord(end.result, end.reason);
  byId("verdict-sentence").textContent = verdictSentence(end.reason);
  byId("verdict-score").textContent = t("{rounds} rounds · {points} points", {
    rounds: end.rounds,
    points: score(end.score),
  });
  for (const seal of sheet.querySelectorAll("[data-seal]")) {
    seal.hidden = seal.dataset.seal !== end.result;
  }
  const [out] = state.walkedOut;
  if (end.reason === "walked_out" && out) {
    byId("verdict-sentence").textContent = t("{name} scraped back the chair and was gone.", {
      name: words.name(out),
    });
  }
  byId("verdict-link").href = room.links?.settlement || `${room.links.page}/settlement`;
  sheet.hidden = false;
  // an open dialog would keep the focus, and give it back to what opened it when it closes
  for (const dialog of document.querySelectorAll("dialog[open]")) dialog.close();
  byId("verdict-link").focus({ preventScroll: true });
}
