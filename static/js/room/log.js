/**
 * The transcript: keeps one node per entry, lets the panel's words out at a reading pace, and
 * follows the end of the page only while the reader is there.
 */

import { tn } from "../i18n.js";
import { h, play, prefersStill } from "./dom.js";
import {
  answerLine,
  fillSpeech,
  greetingLine,
  noteLine,
  reactionLine,
  roundLine,
  settledLine,
  turnLine,
} from "./lines.js";

const FOLLOW_PX = 80;
const FINAL = new Set(["done", "cancelled", "failed", "rejected"]);
const SLOWEST_CPS = 30;
const CATCH_UP_PER_SECOND = 2.4;
const GREETING_EVERY_MS = 620;

/** Draws the entries of a folded room; `actions` are the buttons inside the lines. */
export class Log {
  constructor({ room, scroller, list, pill, words, actions, onSpeech }) {
    this.people = Object.fromEntries(room.panel.map((person) => [person.id, person]));
    this.room = room;
    this.scroller = scroller;
    this.list = list;
    this.pill = pill;
    this.words = words;
    this.actions = {
      ...actions,
      open: (entry) => this.#toggleWhy(entry),
    };
    this.onSpeech = onSpeech;
    this.nodes = new Map();
    this.open = new Set();
    this.typing = null;
    this.heldUntil = 0;
    this.isFollowing = true;
    this.unseen = 0;
    this.frame = null;
    this.height = scroller.clientHeight;
    scroller.addEventListener("scroll", () => this.#readScroll(), { passive: true });
    pill.addEventListener("click", () => this.toEnd(true));
    new ResizeObserver(() => {
      this.height = scroller.clientHeight;
      if (this.isFollowing) this.toEnd();
    }).observe(scroller);
    list.addEventListener("click", (event) => {
      if (!event.target.closest("button")) this.finishLine();
    });
  }

  /** Show the panel's first words; when `isLive` one by one: `onSeat(person)`, at the end null. */
  greet(isLive, onSeat) {
    const lines = this.room.panel.map((person) => greetingLine(person, this.room.language));
    this.list.prepend(h("div", { class: "greetings" }, ...lines));
    if (!isLive || prefersStill()) return;
    this.hold(this.room.panel.length * GREETING_EVERY_MS + 250);
    this.list.classList.add("is-greeting");
    for (const [index, line] of lines.entries()) {
      line.hidden = true;
      setTimeout(() => {
        line.hidden = false;
        play(line, "is-arriving");
        onSeat(this.room.panel[index]);
        if (this.isFollowing) this.toEnd();
      }, 150 + index * GREETING_EVERY_MS);
    }
    setTimeout(() => {
      this.list.classList.remove("is-greeting");
      onSeat(null);
    }, 150 + lines.length * GREETING_EVERY_MS);
  }

  /** Stop the typewriter for a beat, so that a blow can land before the next words. */
  hold(ms) {
    if (!prefersStill()) this.heldUntil = Math.max(this.heldUntil, performance.now() + ms);
  }

  /** Show everything of the line that is being typed, now and as it arrives; true if there was one. */
  finishLine() {
    if (!this.typing) return false;
    this.typing.isRushed = true;
    this.heldUntil = 0;
    this.#tick(performance.now());
    return true;
  }

  /** Let no more words out: the candidate has cut in and the server has yet to say so. */
  freeze() {
    if (this.typing) this.typing.isFrozen = true;
  }

  /** Let words out again: the interruption did not go through. */
  thaw() {
    if (this.typing) this.typing.isFrozen = false;
  }

  /** Draw `state`, with answers still on their way after it. */
  render(state, pending, { isLive }) {
    this.state = state;
    const taken = new Set(state.entries.map((entry) => entry.key));
    const waiting = pending.filter((answer) => !taken.has(answer.key));
    const entries = [...this.#visible(state), ...waiting];
    const keys = new Set(entries.map((entry) => entry.key));
    for (const [key, held] of this.nodes) {
      if (!keys.has(key)) {
        held.node.remove();
        this.nodes.delete(key);
      }
    }
    let previous = this.list.querySelector(".greetings");
    let added = 0;
    for (const entry of entries) {
      const held = this.nodes.get(entry.key);
      const isCurrent = entry.kind === "turn" && entry.id === state.turn;
      const isSame =
        held && held.entry === entry && held.isCurrent === isCurrent && held.mayRetry === this.mayRetry;
      if (!isSame) {
        const node = this.#draw(entry, held, isCurrent, isLive);
        if (held && held.node !== node) held.node.replaceWith(node);
        if (!held) added += 1;
        this.nodes.set(entry.key, { node, entry, isCurrent, mayRetry: this.mayRetry });
      }
      const { node } = this.nodes.get(entry.key);
      const next = previous ? previous.nextSibling : this.list.firstChild;
      if (next !== node) this.list.insertBefore(node, next);
      previous = node;
    }
    this.scroller.setAttribute("aria-busy", String(this.typing !== null));
    this.#follow(added, isLive);
  }

  /** Redraw every node on the next render, after something outside the fold changed. */
  forget() {
    for (const held of this.nodes.values()) held.entry = null;
  }

  /** Go to the last line, and follow from there on. */
  toEnd(isSmooth = false) {
    const behavior = isSmooth && !prefersStill() ? "smooth" : "instant";
    this.isFollowing = true;
    this.unseen = 0;
    this.pill.hidden = true;
    this.scroller.scrollTo({ top: this.scroller.scrollHeight, behavior });
  }

  /** Scroll to the answer a number came from, and mark it for a moment. */
  show(key) {
    const held = this.nodes.get(key);
    if (!held) return;
    this.isFollowing = false;
    held.node.scrollIntoView({ block: "center", behavior: prefersStill() ? "instant" : "smooth" });
    play(held.node, "is-pointed");
  }

  /** Stamp the marks of an answer that was scored just now. */
  strike(key, isBlow) {
    const held = this.nodes.get(key);
    if (!held) return;
    for (const stamp of held.node.querySelectorAll(".stamp--change")) play(stamp, "stamp--struck");
    for (const mark of held.node.querySelectorAll(".evidence--bad")) play(mark, "is-struck");
    if (isBlow) play(held.node, "is-shaken");
    if (this.isFollowing) this.toEnd();
  }

  /** Entries to show: a reaction is a line of its own unless the next turn opens with it. */
  #visible(state) {
    const shown = [];
    for (const [index, entry] of state.entries.entries()) {
      shown.push(entry);
      if (entry.kind !== "answer" || !entry.reaction?.text) continue;
      const next = state.entries.slice(index + 1).find((other) => other.kind === "turn");
      if (!next || !spoke(next, entry.reaction.text)) shown.push(this.#reactionEntry(entry));
    }
    return shown;
  }

  #reactionEntry(answer) {
    const key = `reaction:${answer.key}`;
    const held = this.nodes.get(key);
    if (held?.entry) return held.entry;
    const { persona, text } = answer.reaction;
    return { key, kind: "reaction", persona, text, lang: answer.lang };
  }

  #draw(entry, held, isCurrent, isLive) {
    const { words, actions } = this;
    switch (entry.kind) {
      case "round":
        return roundLine(entry);
      case "note":
        return noteLine(entry, words);
      case "settled":
        return settledLine();
      case "reaction":
        return reactionLine(this.people[entry.persona], entry, isLive);
      case "answer":
        return answerLine(entry, { words, actions, isOpen: this.open.has(entry.key) });
      default:
        return this.#drawTurn(entry, held, isCurrent, isLive);
    }
  }

  #drawTurn(entry, held, isCurrent, isLive) {
    const person = this.people[entry.speaker];
    const isMine = this.typing?.id === entry.id;
    if (!isMine && isLive && isCurrent && !FINAL.has(entry.state)) {
      this.#finishOther();
      this.typing = { id: entry.id, key: entry.key, shown: entry.text.length, at: null };
      if (!held) this.typing.shown = 0;
      this.#schedule();
    }
    const isTyped = this.typing?.id === entry.id;
    if (isTyped && (entry.state === "cancelled" || entry.state === "failed")) this.typing = null;
    const shown = this.typing?.id === entry.id ? this.typing.shown : entry.text.length;
    if (held && held.node.dataset.state === "streaming" && entry.state === "streaming") {
      if (this.typing?.id !== entry.id) {
        fillSpeech(held.node.querySelector(".speech"), entry, shown, this.actions);
      }
      return held.node;
    }
    return turnLine(entry, {
      person,
      words: this.words,
      shown,
      actions: this.actions,
      isCurrent: isCurrent && this.mayRetry !== false,
    });
  }

  /** Somebody else begins before the last line was all out: it is shown whole. */
  #finishOther() {
    const entry = this.state.entries.find((other) => other.key === this.typing?.key);
    this.typing = null;
    const speech = entry && this.nodes.get(entry.key)?.node.querySelector(".speech");
    if (speech) fillSpeech(speech, entry, entry.text.length, this.actions);
  }

  #schedule() {
    this.frame ??= requestAnimationFrame((now) => {
      this.frame = null;
      this.#tick(now);
    });
  }

  #tick(now) {
    const { typing } = this;
    if (!typing) return;
    const entry = this.state?.entries.find((other) => other.key === typing.key);
    if (entry) this.#letOut(typing, entry, now);
    if (this.typing) this.#schedule();
  }

  #letOut(typing, entry, now) {
    const elapsed = typing.at === null ? 0 : Math.min(0.1, (now - typing.at) / 1000);
    typing.at = now;
    const backlog = entry.text.length - typing.shown;
    const isAtOnce = typing.isRushed || prefersStill();
    if (backlog > 0 && !typing.isFrozen && (isAtOnce || now >= this.heldUntil)) {
      const rate = Math.max(SLOWEST_CPS, backlog * CATCH_UP_PER_SECOND);
      typing.exact = Math.max(typing.exact ?? typing.shown, typing.shown) + rate * elapsed;
      typing.shown = isAtOnce ? entry.text.length : wholeCut(entry.text, Math.floor(typing.exact));
      const speech = this.nodes.get(entry.key)?.node.querySelector(".speech");
      if (speech && typing.shown > 0) {
        if (typing.shown > 0 && !typing.hasSpoken) {
          typing.hasSpoken = true;
          this.onSpeech(entry);
        }
        fillSpeech(speech, entry, typing.shown, this.actions);
      }
      if (this.isFollowing) this.toEnd();
    }
    if (FINAL.has(entry.state) && typing.shown >= entry.text.length) {
      this.typing = null;
      this.scroller.setAttribute("aria-busy", "false");
      const held = this.nodes.get(entry.key);
      if (held) fillSpeech(held.node.querySelector(".speech"), entry, entry.text.length, this.actions);
      this.onSpeech(entry, true);
    }
  }

  #toggleWhy(entry) {
    if (!this.open.delete(entry.key)) this.open.add(entry.key);
    const held = this.nodes.get(entry.key);
    const node = this.#draw(entry, held, false, false);
    held.node.replaceWith(node);
    this.nodes.set(entry.key, { ...held, node });
    node.querySelector(".verdict-strip__score")?.focus();
    node.scrollIntoView({ block: "nearest" });
  }

  #readScroll() {
    const { scrollHeight, scrollTop, clientHeight } = this.scroller;
    if (clientHeight !== this.height) return; // the composer grew or shrank: the reader went nowhere
    this.isFollowing = scrollHeight - scrollTop - clientHeight <= FOLLOW_PX;
    if (this.isFollowing) {
      this.unseen = 0;
      this.pill.hidden = true;
    }
  }

  #follow(added, isLive) {
    if (this.isFollowing || !isLive) {
      this.toEnd();
      return;
    }
    this.unseen += added;
    if (this.unseen === 0) return;
    this.pill.hidden = false;
    this.pill.querySelector("span").textContent = tn(
      "{count} new line below",
      "{count} new lines below",
      this.unseen,
    );
  }
}

function spoke(turn, reaction) {
  return turn.text.startsWith(reaction);
}

/** Move a cut off the middle of a surrogate pair. */
function wholeCut(text, cut) {
  const code = text.charCodeAt(cut - 1);
  return Math.min(text.length, code >= 0xd800 && code <= 0xdbff ? cut + 1 : cut);
}
