/**
 * What a screen reader hears: one polite voice for questions and scores, one assertive voice for
 * failures and the verdict. The log itself stays silent while text streams into it.
 */

import { byId } from "./dom.js";

const CLEAR_MS = 6_000;

/** Speaks through two hidden live regions, one sentence at a time. */
export class Announcer {
  constructor() {
    this.polite = byId("announcer");
    this.assertive = byId("alarm");
    this.timers = new Map();
  }

  /** Say a sentence when the reader is free. */
  say(sentence) {
    this.#put(this.polite, sentence);
  }

  /** Say a sentence now: the line is lost, the turn failed, the verdict fell. */
  alarm(sentence) {
    this.#put(this.assertive, sentence);
  }

  #put(region, sentence) {
    clearTimeout(this.timers.get(region));
    region.textContent = "";
    // a region must be seen empty before the same words are read again
    globalThis.setTimeout(() => {
      region.textContent = sentence;
    }, 30);
    this.timers.set(
      region,
      setTimeout(() => {
        region.textContent = "";
      }, CLEAR_MS),
    );
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
