/**
 * What a screen reader hears: one polite voice for questions and scores, one assertive voice for
 * failures and the verdict. The log itself stays silent while text streams into it.
 */

import { byId, h } from "./dom.js";

const CLEAR_MS = 6_000;

/** Speaks through two hidden live regions. */
export class Announcer {
  constructor() {
    this.polite = byId("announcer");
    this.assertive = byId("alarm");
  }

  /** Say a sentence when the reader is free. */
  say(sentence) {
    this.#put(this.polite, sentence);
  }

  /** Say a sentence now: the line is lost, the turn failed, the verdict fell. */
  alarm(sentence) {
    this.#put(this.assertive, sentence);
  }

  /* A node a sentence: what is said close together is read one after the other, the same words too. */
  #put(region, sentence) {
    const line = h("p", {}, sentence);
    region.append(line);
    setTimeout(() => line.remove(), CLEAR_MS);
  }
}

/** Say whether a key event belongs to an input method that is still composing. */
export function isComposing(event) {
  return event.isComposing || event.keyCode === 229;
}

/** Say whether the event comes from a place where plain keys are text. */
export function isTyping(event) {
  return Boolean(event.target.closest?.("textarea, input, select, [contenteditable]"));
}
