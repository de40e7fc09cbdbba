/**
 * Where the candidate writes: a draft that survives the tab, chips that say what the answer still
 * lacks, and an Enter key that never sends half a word of Chinese.
 */

import { t } from "../i18n.js";
import { withBlanks } from "../lib/blanks.js";
import { isComposing } from "./a11y.js";
import { byId, keep, kept } from "./dom.js";
import { readDraft } from "./heuristics.js";

const LONGEST = 8_000;
const DRAFT_PAUSE_MS = 250;

/** The form at the foot of the room; `onSend(text)`, `onInterrupt()`, `onHint()` do the work. */
export class Composer {
  constructor({ room, onSend, onInterrupt, onHint, onSpace }) {
    this.key = `hotseat.draft.${room.id}`;
    this.language = room.language;
    this.form = byId("composer");
    this.input = byId("answer");
    this.send = byId("send");
    this.interrupt = byId("interrupt");
    this.hint = byId("hint");
    this.status = byId("composer-status");
    this.onSend = onSend;
    this.onSpace = onSpace;
    this.floor = "waiting";
    this.isComposing = false;
    this.input.value = kept(this.key, "");
    this.#listen();
    this.interrupt.addEventListener("click", onInterrupt);
    this.hint.addEventListener("click", onHint);
    this.#measure();
  }

  #listen() {
    const { input } = this;
    input.addEventListener("compositionstart", () => {
      this.isComposing = true;
    });
    input.addEventListener("compositionend", () => {
      // the keydown that ends a composition arrives after it in some browsers: wait one turn
      setTimeout(() => {
        this.isComposing = false;
      }, 0);
    });
    input.addEventListener("keydown", (event) => this.#keydown(event));
    input.addEventListener("input", () => this.#changed());
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    globalThis.addEventListener("pagehide", () => this.#keepDraft());
  }

  #keydown(event) {
    const isLoneSpace = event.key === " " && this.input.value === "";
    if (isLoneSpace && this.onSpace()) {
      event.preventDefault();
      return;
    }
    if (event.key !== "Enter" || event.shiftKey) return;
    if (this.isComposing || isComposing(event)) return;
    if (isTouchOnly() && !event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    this.#submit();
  }

  #changed() {
    if (this.status.classList.contains("is-nudging")) this.#calm();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.#keepDraft(), DRAFT_PAUSE_MS);
    this.#measure();
  }

  #keepDraft() {
    clearTimeout(this.timer);
    keep(this.key, this.input.value || null);
  }

  #submit() {
    const text = this.input.value.trim();
    if (text === "") {
      this.nudge(t("Say something first. Even “I don’t know, but here is how I would find out.”"));
      return;
    }
    if (text.length > LONGEST) {
      this.nudge(t("That is over 8,000 characters. Nobody on this bench reads that far."));
      return;
    }
    if (this.floor !== "answer" && this.floor !== "interrupted") {
      this.nudge(this.#whyNot());
      return;
    }
    this.input.value = "";
    this.#keepDraft();
    this.#measure();
    this.onSend(text);
  }

  #whyNot() {
    if (this.floor === "speaking") return t("They are still talking. Esc cuts in.");
    if (this.floor === "scoring") return t("One answer at a time: they are weighing the last one.");
    if (this.floor === "stuck") return t("Nobody has asked anything yet. Have it asked again first.");
    if (this.floor === "settled") return t("The verdict is in. Nothing more goes on the record.");
    return t("Wait for the question. Your draft is safe.");
  }

  /** Say why something cannot be done, until the candidate goes on or the move changes. */
  nudge(sentence) {
    this.status.setAttribute("role", "alert"); // only a refusal is read out; moves have the announcer
    this.status.textContent = sentence;
    this.status.classList.add("is-nudging");
  }

  /** Put text back for another try, in front of whatever has been typed since. */
  restore(text) {
    this.input.value = [text, this.input.value].filter(Boolean).join("\n");
    this.#keepDraft();
    this.#measure();
    this.focus();
  }

  /** Put the cursor where the words go. */
  focus() {
    this.input.focus();
  }

  /** Show whose move it is. `turn` is the current turn, `name` its speaker. */
  render({ floor, name, isInterrupting, isOnline, hintText }) {
    this.floor = floor;
    const mayCut = floor === "speaking" || (floor === "waiting" && Boolean(name));
    this.interrupt.disabled = !mayCut;
    this.interrupt.classList.toggle("button--danger", mayCut);
    this.interrupt.setAttribute("aria-busy", String(isInterrupting && mayCut));
    this.send.setAttribute("aria-disabled", String(floor !== "answer" && floor !== "interrupted"));
    this.hint.disabled = floor !== "answer" || Boolean(hintText);
    this.form.dataset.floor = floor;
    const sentence = this.#sentence({ floor, name, isInterrupting, isOnline });
    if (this.sentence !== sentence) {
      this.sentence = sentence;
      this.#calm();
    }
    const slip = byId("hint-text");
    slip.hidden = !hintText;
    if (this.hinted !== hintText) byId("hint-words").replaceChildren(...withBlanks(hintText || ""));
    this.hinted = hintText;
  }

  #calm() {
    this.status.removeAttribute("role");
    this.status.textContent = this.sentence;
    this.status.classList.remove("is-nudging");
  }

  #sentence({ floor, name, isInterrupting, isOnline }) {
    if (!isOnline) return t("No line to the room. Write on: your draft is kept.");
    if (isInterrupting) return t("Cutting in…");
    switch (floor) {
      case "answer":
        return name ? t("{name} is waiting for your answer.", { name }) : t("Your answer.");
      case "interrupted":
        return t("You may answer what you heard, or have it asked again.");
      case "stuck":
        return t("The question never arrived. Have it asked again.");
      case "scoring":
        return t("They are weighing your words.");
      case "speaking":
        return t("{name} has the floor.", { name });
      case "settled":
        return t("The verdict is in.");
      default:
        return name ? t("{name} is about to speak.", { name }) : t("The panel confers.");
    }
  }

  #measure() {
    const { input } = this;
    input.style.height = "auto";
    input.style.height = `${Math.min(input.scrollHeight + 2, globalThis.innerHeight * 0.26)}px`;
    const reading = readDraft(input.value, this.language);
    this.#chip("chip-numbers", reading.numbers);
    this.#chip("chip-ownership", reading.ownership);
    this.#chip("chip-tradeoff", reading.tradeoff);
    const band = byId("length-band");
    band.dataset.band = reading.band;
    band.style.setProperty("--at", String(reading.scale));
    byId("length-word").textContent = bandWord(reading.band);
    band.title = t("{count} so far", { count: reading.size });
  }

  #chip(id, state) {
    const chip = byId(id);
    chip.classList.toggle("chip--lit", state === "lit");
    chip.classList.toggle("chip--warn", state === "warn");
    const word = { lit: t("there"), warn: t("only “we”"), off: t("missing") }[state];
    chip.querySelector(".visually-hidden").textContent = word;
  }
}


/** A touch keyboard has no Shift+Enter: there, Enter breaks the line and the button sends. */
function isTouchOnly() {
  return globalThis.matchMedia("(hover: none) and (pointer: coarse)").matches;
}

function bandWord(band) {
  return {
    empty: t("length"),
    short: t("too short to count"),
    thin: t("thin"),
    good: t("good length"),
    long: t("long"),
    rambling: t("rambling"),
  }[band];
}
