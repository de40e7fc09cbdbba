/**
 * What the reader sees of the line to the server: a dot while all is well, a bar with a countdown
 * when it is not. Short cuts stay quiet; only a wait worth reading gets a sentence.
 */

import { t } from "../i18n.js";
import { byId } from "./dom.js";

const QUIET_MS = 900;
const ALARMING_MS = 5 * 60_000;

/** Draws the connection; `onNow()` when the reader asks to reconnect at once. */
export class Connection {
  constructor({ onNow, announcer }) {
    this.bar = byId("line-bar");
    this.words = byId("line-words");
    this.button = byId("line-now");
    this.dot = byId("line-dot");
    this.label = byId("line-label");
    this.announcer = announcer;
    this.state = { name: "connecting", since: null };
    this.latencyMs = null;
    this.wasDown = false;
    this.button.addEventListener("click", onNow);
    setInterval(() => this.render(), 500);
  }

  /** Say whether events arrive. */
  get isLive() {
    return this.state.name === "live" || this.state.name === "ended";
  }

  /** Take the next state of the line and show it. */
  take(state) {
    const before = this.state.name;
    this.state = state;
    if (state.name === "live" && this.wasDown) {
      this.wasDown = false;
      this.announcer.say(t("Back in the room. Nothing was missed."));
    }
    if (state.name === "lost" && before !== "lost") this.announcer.alarm(this.#sentence());
    this.render();
  }

  /** Show the round trip to the server. */
  latency(ms) {
    this.latencyMs = ms;
    this.render();
  }

  /** Draw the dot, its word and the bar. */
  render() {
    const { name, since } = this.state;
    const downFor = since === null || since === undefined ? 0 : Date.now() - since;
    const isDown = !this.isLive && (name === "offline" || name === "lost" || downFor > QUIET_MS);
    if (isDown && !this.wasDown) {
      this.wasDown = true;
      this.announcer.alarm(t("The line to the room is down."));
    }
    this.bar.hidden = !isDown;
    this.bar.classList.toggle("is-alarming", name === "lost" || downFor > ALARMING_MS);
    this.button.hidden = name === "connecting";
    this.button.textContent = name === "lost" ? t("Reload the page") : t("Reconnect now");
    const sentence = this.#sentence();
    if (this.words.textContent !== sentence) this.words.textContent = sentence;
    document.body.classList.toggle("is-offline", isDown);
    this.dot.className = `dot ${this.isLive ? "dot--live" : isDown ? "dot--gone" : "dot--waiting"}`;
    this.label.textContent = this.#label(isDown);
  }

  #label(isDown) {
    if (this.state.name === "ended") return t("closed");
    if (this.isLive) return this.latencyMs === null ? t("live") : t("live · {ms} ms", { ms: this.latencyMs });
    return isDown ? t("off the line") : t("dialling");
  }

  #sentence() {
    const { name, retryAt } = this.state;
    switch (name) {
      case "offline":
        return t("You are offline. The clock stands still; your draft is kept.");
      case "waiting": {
        const seconds = Math.max(1, Math.ceil((retryAt - Date.now()) / 1000));
        return t("The line dropped. Trying again in {seconds} s; nothing is lost.", { seconds });
      }
      case "connecting":
        return t("Dialling the room again…");
      case "lost":
        return t("Disconnected: this room no longer answers to this browser.");
      default:
        return "";
    }
  }
}
