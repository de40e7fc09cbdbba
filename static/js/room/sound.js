/**
 * The room's sounds, made on the spot with WebAudio: wood, brush, lamp, and a short motif for each
 * persona. Silent until the switch is on; the switch is remembered on this device.
 */

import { keep, kept } from "./dom.js";

const KEY = "hotseat.sound";
const A3 = 220;

/** A small instrument; every method is safe to call while muted or before any gesture. */
export class Sound {
  constructor() {
    this.isOn = kept(KEY, false) === true;
    this.context = null;
  }

  /** Turn the sound on or off; returns the new state. Must be called from a gesture. */
  toggle() {
    this.isOn = !this.isOn;
    keep(KEY, this.isOn);
    if (this.isOn) this.lamp();
    return this.isOn;
  }

  #open() {
    if (!this.isOn) return null;
    try {
      this.context ??= new AudioContext();
      if (this.context.state === "suspended") this.context.resume();
      return this.context;
    } catch {
      return null;
    }
  }

  #tone({ hz, at = 0, seconds = 0.2, level = 0.12, shape = "triangle", glideTo = null }) {
    const context = this.#open();
    if (!context) return;
    const start = context.currentTime + at;
    const oscillator = context.createOscillator();
    const gain = context.createGain();
    oscillator.type = shape;
    oscillator.frequency.setValueAtTime(hz, start);
    if (glideTo) oscillator.frequency.exponentialRampToValueAtTime(glideTo, start + seconds);
    gain.gain.setValueAtTime(0.0001, start);
    gain.gain.exponentialRampToValueAtTime(level, start + 0.008);
    gain.gain.exponentialRampToValueAtTime(0.0001, start + seconds);
    oscillator.connect(gain).connect(context.destination);
    oscillator.start(start);
    oscillator.stop(start + seconds + 0.02);
  }

  #noise({ at = 0, seconds = 0.1, level = 0.2, from = 1200, to = 400, q = 0.8 }) {
    const context = this.#open();
    if (!context) return;
    const start = context.currentTime + at;
    const samples = context.createBuffer(1, context.sampleRate * seconds, context.sampleRate);
    const channel = samples.getChannelData(0);
    let seed = 7;
    for (let index = 0; index < channel.length; index += 1) {
      seed = (seed * 16_807) % 2_147_483_647;
      channel[index] = (seed / 1_073_741_823.5 - 1) * (1 - index / channel.length);
    }
    const source = context.createBufferSource();
    source.buffer = samples;
    const filter = context.createBiquadFilter();
    filter.type = "bandpass";
    filter.Q.value = q;
    filter.frequency.setValueAtTime(from, start);
    filter.frequency.exponentialRampToValueAtTime(to, start + seconds);
    const gain = context.createGain();
    gain.gain.setValueAtTime(level, start);
    source.connect(filter).connect(gain).connect(context.destination);
    source.start(start);
  }

  /** The stamp comes down: a low knock and the paper under it; harder for a deeper wound. */
  stamp(weight = 0.5) {
    this.#tone({ hz: 120, glideTo: 46, seconds: 0.16, level: 0.2 + weight * 0.25, shape: "sine" });
    this.#noise({ seconds: 0.09, level: 0.16 + weight * 0.2, from: 900, to: 220 });
  }

  /** A brush stroke: the player's words land on the paper. */
  brush() {
    this.#noise({ seconds: 0.22, level: 0.07, from: 2600, to: 900, q: 1.4 });
  }

  /** The lamp's switch. */
  lamp() {
    this.#noise({ seconds: 0.025, level: 0.18, from: 3400, to: 2600, q: 3 });
    this.#tone({ hz: 1900, seconds: 0.03, level: 0.03, shape: "square" });
  }

  /** Approval or a good answer; rises with the streak. */
  chime(streak = 1) {
    const step = 2 ** (Math.min(streak, 7) / 12);
    this.#tone({ hz: 660 * step, seconds: 0.28, level: 0.07, shape: "sine" });
    this.#tone({ hz: 990 * step, at: 0.07, seconds: 0.34, level: 0.05, shape: "sine" });
  }

  /** The great seal, at the verdict. */
  seal(isWon) {
    this.#tone({ hz: 90, glideTo: 34, seconds: 0.5, level: 0.5, shape: "sine" });
    this.#noise({ seconds: 0.2, level: 0.34, from: 700, to: 120 });
    for (const [index, semitone] of (isWon ? [0, 4, 7, 12] : [0, -1, -5]).entries()) {
      const hz = A3 * 2 ** (semitone / 12);
      this.#tone({ hz, at: 0.4 + index * 0.14, seconds: 0.5, level: 0.08 });
    }
  }

  /** A persona takes the floor: their motif, in semitones above A3. */
  motif(semitones = []) {
    for (const [index, semitone] of semitones.entries()) {
      this.#tone({ hz: A3 * 2 ** (semitone / 12), at: index * 0.11, seconds: 0.24, level: 0.06 });
    }
  }
}
