/**
 * The papers beside the transcript: the résumé with the lines they go for, and the record of every
 * event. On a phone the same papers slide up from below.
 */

import { t } from "../i18n.js";
import { byId, h, play, prefersStill } from "./dom.js";
import { softSpot } from "./lines.js";

const RECORD_ROWS = 200;
const SPEECH = "turn.segment";

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
    for (const event of state.record.slice(this.drawn).slice(-RECORD_ROWS)) this.#enter(event);
    while (this.record.childElementCount > RECORD_ROWS) this.record.lastElementChild.remove();
    this.drawn = state.record.length;
    const latency = latencyMs === null ? "" : ` · ${latencyMs} ms`;
    this.position.hidden = byId("panel-record").hidden;
    this.position.textContent = `${t("offset {offset}", { offset: state.offset })}${latency}`;
  }

  /** Put an event on top of the record; the pieces of one line of speech share a row. */
  #enter(event) {
    const top = this.record.firstElementChild;
    if (event.type === SPEECH && top?.dataset.type === SPEECH) {
      top.dataset.count = String(Number(top.dataset.count) + 1);
      top.querySelector(".record__offset").textContent = String(event.offset);
      top.querySelector(".record__type").textContent = `${event.type} ×${top.dataset.count}`;
      return;
    }
    const words = this.words.record(event);
    this.record.prepend(
      h(
        "li",
        { class: "record__row", "data-type": event.type, "data-count": "1" },
        h("span", { class: "record__offset number" }, String(event.offset)),
        h("span", { class: "record__words" }, words),
        h("code", { class: "record__type" }, event.type),
      ),
    );
  }

  #bring(factId) {
    const [mark] = this.facts.get(factId) || [];
    if (!mark || !this.root.contains(mark) || this.root.hidden) return;
    const frame = this.resume.parentElement;
    const [line, window] = [mark.getBoundingClientRect(), frame.getBoundingClientRect()];
    if (line.top > window.top && line.bottom < window.bottom) return;
    const top = frame.scrollTop + line.top - window.top - window.height / 3;
    frame.scrollTo({ top, behavior: prefersStill() ? "instant" : "smooth" });
  }

  /** Write the text with its claims marked; overlapping claims are cut at every border. */
  #writeResume({ text, facts }) {
    for (const line of linesOf(text)) {
      const inside = facts.filter((fact) => fact.start < line.end && fact.end > line.mark);
      const node = h("p", { class: `resume-text__line ${line.kind}` });
      const borders = [line.mark, line.end, ...inside.flatMap((fact) => [fact.start, fact.end])]
        .filter((border) => border >= line.mark && border <= line.end)
        .sort((one, other) => one - other);
      for (let index = 0; index + 1 < borders.length; index += 1) {
        const [start, end] = [borders[index], borders[index + 1]];
        if (start === end) continue;
        const over = inside.filter((fact) => fact.start <= start && fact.end >= end);
        node.append(this.#piece(text.slice(start, end), over));
        for (const fact of over) this.#spot(fact, end, node);
      }
      this.resume.append(node);
    }
  }

  #piece(text, facts) {
    const words = h("span", {}, ...blackedOut(text));
    if (facts.length === 0) return words;
    const isWeak = facts.some((fact) => fact.weaknesses?.length);
    const mark = h("mark", { class: `fact ${isWeak ? "fact--weak" : ""}` }, words);
    for (const fact of facts) this.facts.set(fact.id, [...(this.facts.get(fact.id) || []), mark]);
    return mark;
  }

  #spot(fact, end, line) {
    if (fact.end !== end || !fact.weaknesses?.length) return;
    const spot = softSpot(fact.weaknesses, this.words);
    this.spots.set(fact.id, spot);
    line.append("\u2060", spot); // the mark never stands alone at the start of a line
  }

  #choose(tab, isFocused = true) {
    for (const other of this.root.querySelectorAll("[role=tab]")) {
      const isChosen = other === tab;
      other.setAttribute("aria-selected", String(isChosen));
      other.tabIndex = isChosen ? 0 : -1;
      byId(other.getAttribute("aria-controls")).hidden = !isChosen;
    }
    this.position.hidden = byId("panel-record").hidden;
    if (isFocused) tab.focus();
  }

  #arrow(event) {
    if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
    const tabs = [...this.root.querySelectorAll("[role=tab]")];
    const step = event.key === "ArrowRight" ? 1 : -1;
    this.#choose(tabs[(tabs.indexOf(event.target) + step + tabs.length) % tabs.length]);
  }
}

/** Return the pieces of a text; an address or a number that was masked is a bar of ink. */
function blackedOut(text) {
  return text.split(/([•█]{3,})/).map((piece, index) =>
    index % 2 === 0 ? piece : h("span", { class: "blackout", role: "img", "aria-label": t("blacked out") }),
  );
}

/** Return the lines of a résumé; `mark` is where the hashes of a heading or a bullet's dash end. */
function linesOf(text) {
  return [...text.matchAll(/^([ \t]*(?:(#{1,6})|[-*•·▪])[ \t]+)?.*$/gm)].map((match) => {
    const [line, sign = "", hashes] = match;
    const kind = hashes ? "resume-text__heading" : sign ? "resume-text__item" : "";
    return { kind, mark: match.index + sign.length, end: match.index + line.length };
  });
}
