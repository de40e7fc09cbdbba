/**
 * The papers beside the transcript: the résumé with the lines they go for, and the record of every
 * event. On a phone the same papers slide up from below.
 */

import { t } from "../i18n.js";
import { byId, h, play, prefersStill } from "./dom.js";
import { softSpot } from "./lines.js";

const RECORD_ROWS = 200;

/** Draws both papers and opens and closes them; `onClose` when the reader puts them away. */
export class Papers {
  constructor({ room, words }) {
    this.words = words;
    this.root = byId("papers");
    this.resume = byId("resume-text");
    this.record = byId("record-rows");
    this.position = byId("record-position");
    this.drawn = 0;
    this.facts = new Map();
    this.spots = new Map();
    this.#writeResume(room.resume || { text: "", facts: [] });
    for (const tab of this.root.querySelectorAll("[role=tab]")) {
      tab.addEventListener("click", () => this.#choose(tab));
      tab.addEventListener("keydown", (event) => this.#arrow(event));
    }
    for (const button of document.querySelectorAll("[data-papers]")) {
      button.addEventListener("click", () => this.open(button.dataset.papers, button));
    }
    byId("papers-close").addEventListener("click", () => this.close());
    byId("papers-veil").addEventListener("click", () => this.close());
  }

  /** Say whether the papers lie over the room, as they do on a narrow screen. */
  get isOver() {
    return this.root.classList.contains("is-open");
  }

  /** Lift one of the papers over the room (narrow screens) and show its tab. */
  open(name, opener = null) {
    this.opener = opener;
    this.#choose(byId(`tab-${name}`), false);
    this.root.classList.add("is-open");
    byId("papers-veil").hidden = false;
    byId("papers-close").focus();
  }

  /** Put the papers away; focus goes back to where it came from. */
  close() {
    this.root.classList.remove("is-open");
    byId("papers-veil").hidden = true;
    this.opener?.focus();
  }

  /** Show the line of the résumé a question went for. */
  show(factId) {
    this.#choose(byId("tab-resume"), false);
    const isNarrow = getComputedStyle(byId("papers-close")).display !== "none";
    if (isNarrow) this.open("resume");
    const [first] = this.facts.get(factId) || [];
    first?.scrollIntoView({ block: "center", behavior: prefersStill() ? "instant" : "smooth" });
    for (const mark of this.facts.get(factId) || []) play(mark, "is-pointed");
  }

  /** Mark what has been asked about and what is under fire now; add new rows to the record. */
  render(state, latencyMs) {
    // Claims overlap, so one piece of text may belong to several: the one under fire wins.
    const target = new Set(this.facts.get(state.target));
    for (const [id, marks] of this.facts) {
      for (const mark of marks) {
        mark.classList.toggle("is-target", target.has(mark));
        if (target.has(mark)) mark.classList.remove("is-spent");
        else if (state.spent[id]) mark.classList.add("is-spent");
      }
    }
    for (const [id, spot] of this.spots) spot.classList.toggle("is-target", id === state.target);
    if (state.target && state.target !== this.lastTarget) this.#bring(state.target);
    this.lastTarget = state.target;
    if (state.record.length < this.drawn) {
      this.record.textContent = "";
      this.drawn = 0;
    }
    const rows = state.record.slice(this.drawn).slice(-RECORD_ROWS);
    this.record.prepend(...rows.reverse().map((event) => this.#row(event)));
    while (this.record.childElementCount > RECORD_ROWS) this.record.lastElementChild.remove();
    this.drawn = state.record.length;
    const latency = latencyMs === null ? "" : ` · ${latencyMs} ms`;
    this.position.textContent = `${t("offset {offset}", { offset: state.offset })}${latency}`;
  }

  #row(event) {
    return h(
      "li",
      { class: "record__row" },
      h("span", { class: "record__offset number" }, String(event.offset)),
      h("code", { class: "record__type" }, event.type),
      h("span", { class: "record__words" }, this.words.record(event)),
    );
  }

  #bring(factId) {
    const [mark] = this.facts.get(factId) || [];
    if (!mark || !this.root.contains(mark) || this.root.hidden) return;
    const frame = this.resume.parentElement;
    const bottom = frame.scrollTop + frame.clientHeight;
    const isSeen = mark.offsetTop > frame.scrollTop && mark.offsetTop + mark.offsetHeight < bottom;
    if (isSeen) return;
    const top = mark.offsetTop - frame.clientHeight / 3;
    frame.scrollTo({ top, behavior: prefersStill() ? "instant" : "smooth" });
  }

  /** Write the text with its claims marked; overlapping claims are cut at every border. */
  #writeResume({ text, facts }) {
    const headings = headingsOf(text);
    const spans = [...facts, ...headings, ...headings.map(({ start, mark }) => ({ start, end: mark }))];
    const borders = [...new Set([0, text.length, ...spans.flatMap((span) => [span.start, span.end])])]
      .filter((border) => border >= 0 && border <= text.length)
      .sort((one, other) => one - other);
    for (let index = 0; index + 1 < borders.length; index += 1) {
      const [start, end] = [borders[index], borders[index + 1]];
      const heading = headings.find((other) => other.start <= start && other.end >= end);
      if (heading && end <= heading.mark) continue; // the hashes of a heading are not for reading
      const over = facts.filter((fact) => fact.start <= start && fact.end >= end);
      this.resume.append(this.#piece(text.slice(start, end), over, Boolean(heading)));
      for (const fact of over) this.#spot(fact, end);
    }
  }

  #piece(text, facts, isHeading) {
    const words = isHeading ? h("b", { class: "resume-text__heading" }, text) : text;
    if (facts.length === 0) return words;
    const isWeak = facts.some((fact) => fact.weaknesses?.length);
    const mark = h("mark", { class: `fact ${isWeak ? "fact--weak" : ""}` }, words);
    for (const fact of facts) this.facts.set(fact.id, [...(this.facts.get(fact.id) || []), mark]);
    return mark;
  }

  #spot(fact, end) {
    if (fact.end !== end || !fact.weaknesses?.length) return;
    const spot = softSpot(fact.weaknesses, this.words);
    this.spots.set(fact.id, spot);
    this.resume.append(spot);
  }

  #choose(tab, isFocused = true) {
    for (const other of this.root.querySelectorAll("[role=tab]")) {
      const isChosen = other === tab;
      other.setAttribute("aria-selected", String(isChosen));
      other.tabIndex = isChosen ? 0 : -1;
      byId(other.getAttribute("aria-controls")).hidden = !isChosen;
    }
    if (isFocused) tab.focus();
  }

  #arrow(event) {
    if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
    const tabs = [...this.root.querySelectorAll("[role=tab]")];
    const step = event.key === "ArrowRight" ? 1 : -1;
    this.#choose(tabs[(tabs.indexOf(event.target) + step + tabs.length) % tabs.length]);
  }
}

/** Return the heading lines of a Markdown résumé; `mark` is where the hashes end. */
function headingsOf(text) {
  return [...text.matchAll(/^(#{1,6}[ \t]+).*$/gm)].map((match) => ({
    start: match.index,
    mark: match.index + match[1].length,
    end: match.index + match[0].length,
  }));
}
