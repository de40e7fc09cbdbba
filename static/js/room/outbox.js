/**
 * Answers on their way: shown at once, sent once, and never lost without a word. Each keeps its
 * `client_id` through every retry, so the server can tell a resend from a second thought.
 */

import { ApiError, sendJson, sentenceFor } from "../lib/api.js";
import { t } from "../i18n.js";
import { keep, kept } from "./dom.js";

/** The unsent and unconfirmed answers of one room; `onChange()` after every change. */
export class Outbox {
  constructor({ room, onChange, onRefused }) {
    this.key = `hotseat.outbox.${room.id}`;
    this.url = `/api/rooms/${room.id}/answer`;
    this.onChange = onChange;
    this.onRefused = onRefused;
    // what was on its way when the page closed may or may not have arrived: ask, do not guess
    this.answers = kept(this.key, []).map((answer) => ({ ...answer, sending: "failed" }));
  }

  /** Return the entries to draw after the folded transcript. */
  entries() {
    return this.answers;
  }

  /** Say whether an answer is being handed over right now. */
  get isSending() {
    return this.answers.some((answer) => answer.sending === "sending");
  }

  /** Show `text` as handed over, and hand it over. */
  send(text) {
    const clientId = newId();
    this.answers = [...this.answers, pendingEntry(clientId, text)];
    this.#changed();
    return this.#post(clientId);
  }

  /** Try a failed answer once more, as the same answer. */
  resend(entry) {
    this.#set(entry.clientId, { sending: "sending", problem: "" });
    return this.#post(entry.clientId);
  }

  /** Take an answer back; returns its text. */
  withdraw(entry) {
    this.answers = this.answers.filter((answer) => answer.clientId !== entry.clientId);
    this.#changed();
    return entry.text;
  }

  /** Forget what the log has confirmed. */
  settle(state) {
    if (this.answers.length === 0) return;
    const known = new Set(
      state.entries.filter((entry) => entry.kind === "answer").map((entry) => entry.clientId),
    );
    const left = this.answers.filter((answer) => !known.has(answer.clientId));
    if (left.length === this.answers.length) return;
    this.answers = left;
    keep(this.key, left.length ? left : null);
  }

  async #post(clientId) {
    const answer = this.answers.find((other) => other.clientId === clientId);
    try {
      await sendJson(this.url, { text: answer.text, client_id: clientId });
    } catch (error) {
      this.#set(clientId, { sending: "failed", problem: refusal(error) });
      this.onRefused(error);
    }
  }

  #set(clientId, change) {
    this.answers = this.answers.map((answer) =>
      answer.clientId === clientId ? { ...answer, ...change } : answer,
    );
    this.#changed();
  }

  #changed() {
    keep(this.key, this.answers.length ? this.answers : null);
    this.onChange();
  }
}

/** Return the sentence for an answer the server did not take. */
function refusal(error) {
  if (!(error instanceof ApiError)) return sentenceFor(error);
  switch (error.code) {
    case "not_your_turn":
      return t("The floor was not yours at that moment.");
    case "room_settled":
      return t("The verdict fell before this arrived.");
    case "idempotency_conflict":
      return t("Another tab of yours answered first.");
    case "offline":
      return t("No connection. It waits here until you send it again.");
    default:
      return sentenceFor(error);
  }
}

function pendingEntry(clientId, text) {
  return {
    key: `answer:${clientId}`,
    kind: "answer",
    clientId,
    text,
    sending: "sending",
    problem: "",
    score: null,
    reaction: null,
    injection: [],
    changes: [],
  };
}

/** Return a random UUID, also where the page is not a secure context. */
function newId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
