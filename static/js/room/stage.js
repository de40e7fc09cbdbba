/**
 * The bench: seats with faces, the lamp that follows the speaker, and the meters. It draws the
 * folded room and owns nothing of it.
 */

import { t } from "../i18n.js";
import { byId, play } from "./dom.js";
import { score } from "./words.js";

const FACES = ["idle", "thinking", "speaking", "pleased", "cold", "caught"];
const FACE_OF_BAND = {
  low: "cold",
  evasive: "cold",
  walkout: "cold",
  high: "pleased",
  honest: "pleased",
  convinced: "pleased",
  caught: "caught",
  injection: "caught",
};

/** Draws seats, lamp and meters; `onSeat(id)` when a seat is chosen, `onNerve()` for the meter. */
export class Stage {
  constructor({ room, words, onSeat, onNerve }) {
    this.room = room;
    this.words = words;
    this.root = byId("stage");
    this.seats = new Map();
    for (const seat of this.root.querySelectorAll("[data-seat]")) {
      this.seats.set(seat.dataset.seat, seat);
      seat.addEventListener("click", () => onSeat(seat.dataset.seat));
    }
    this.nerve = byId("nerve");
    this.nerve.addEventListener("click", onNerve);
    this.lit = null;
    globalThis.addEventListener("resize", () => this.#aim());
  }

  /** Point the lamp at a seat, or switch it to the middle of the bench. */
  light(id) {
    if (this.lit === id) return;
    this.lit = id;
    for (const [key, seat] of this.seats) seat.classList.toggle("is-lit", key === id);
    this.#aim();
  }

  /** Return the seat at place 1, 2, 3 ... on the bench. */
  seatAt(place) {
    return [...this.seats.values()][place - 1] || null;
  }

  #aim() {
    const seat = this.seats.get(this.lit);
    const frame = this.root.getBoundingClientRect();
    const box = seat?.getBoundingClientRect();
    const middle = box ? box.left + box.width / 2 - frame.left : frame.width / 2;
    this.root.style.setProperty("--lamp-x", `${Math.round(middle)}px`);
    this.root.classList.toggle("has-speaker", Boolean(seat));
  }

  /** Draw meters, faces and badges; `voice` is {id, isHeard}: who speaks, and whether aloud yet. */
  render(state, voice) {
    for (const [id, seat] of this.seats) this.#seat(seat, id, state, voice);
    this.#nerve(state);
    this.#round(state);
  }

  #seat(seat, id, state, voice) {
    const isOut = state.walkedOut.includes(id);
    const isConvinced = state.convinced.includes(id);
    this.#face(seat, this.#faceOf(id, state, voice));
    seat.classList.toggle("is-out", isOut);
    seat.classList.toggle("is-convinced", isConvinced);
    const badge = seat.querySelector(".seat__badge");
    const word = isOut ? t("gone") : isConvinced ? t("convinced") : "";
    badge.textContent = word;
    badge.hidden = !word;
    const value = state.approval[id] ?? 0;
    const meter = seat.querySelector("meter");
    if (!meter) return;
    setMeter(seat.querySelector(".meter"), value);
    seat.querySelector(".seat__value").textContent = score(value);
    meter.textContent = t("Approval {value} of 100", { value: score(value) });
  }

  #faceOf(id, state, voice) {
    if (voice.id === id) return voice.isHeard ? "speaking" : "thinking";
    if (state.convinced.includes(id)) return "pleased";
    for (let index = state.entries.length - 1; index >= 0; index -= 1) {
      const entry = state.entries[index];
      if (entry.kind === "turn" && entry.speaker === id && entry.text) return "idle";
      if (entry.kind !== "answer") continue;
      if (entry.reaction?.persona === id) return FACE_OF_BAND[entry.reaction.band] || "idle";
      return "idle";
    }
    return "idle";
  }

  #face(seat, face) {
    if (seat.dataset.face === face) return;
    seat.dataset.face = face;
    const portrait = seat.querySelector("svg");
    for (const name of FACES) portrait?.classList.toggle(`is-${name}`, name === face);
  }

  #nerve(state) {
    if (this.room.mode === "convince") {
      const count = state.convinced.length;
      const total = this.room.panel.length;
      setMeter(this.nerve.querySelector(".meter"), (100 * count) / total);
      byId("nerve-value").textContent = `${count}/${total}`;
      this.nerve.setAttribute(
        "aria-label",
        t("{count} of {total} convinced. Show why", { count, total }),
      );
      return;
    }
    setMeter(this.nerve.querySelector(".meter"), state.hp);
    this.nerve.classList.toggle("is-low", state.hp <= 30);
    byId("nerve-value").textContent = score(state.hp);
    this.nerve.setAttribute("aria-label", t("Nerve {value} of 100. Show why", { value: score(state.hp) }));
  }

  #round(state) {
    const limit = this.room.mode === "convince" ? this.room.max_rounds : this.room.goal_rounds;
    byId("round-number").textContent = state.round ? String(state.round) : "–";
    const isOver = state.goalReached && state.round > limit;
    byId("round-limit").textContent = isOver ? ` ${t("overtime")}` : limit ? `/${limit}` : "";
    byId("round-par").textContent = state.par === null ? "–" : score(state.par);
  }

  /** Let a blow or a kindness be felt on the meter it changed. */
  feel(change) {
    const isLoss = change.to < change.from;
    const target =
      change.kind === "hp" ? this.nerve : this.seats.get(change.persona)?.querySelector(".seat__plate");
    play(target, isLoss ? "is-hurt" : "is-healed");
  }

  /** Let one seat come to life: the panel takes its places. */
  arrive(id) {
    play(this.seats.get(id), "is-arriving");
    this.light(id);
  }
}

function setMeter(meter, value) {
  const bounded = Math.max(0, Math.min(100, value));
  meter.style.setProperty("--value", String(bounded));
  const inner = meter.querySelector("meter");
  if (inner) inner.value = bounded;
}
