/* Lobby: choose a hearing, meet its panel, take the seat. Without this script the form still
   leads to the résumé page. */

import { sendJson, sentenceFor } from "./lib/api.js";
import { typeLine } from "./lib/typing.js";
import { t } from "./i18n.js";

const SEAT_DEPTH = 0.6; // how far below the lamp the faces are, in stage widths

function open(form) {
  const stage = form.querySelector("[data-stage]");
  const voice = new Voice(form.querySelector("[data-roast]"));
  const panel = () => stage.querySelector("[data-panel]:not([hidden])");
  voice.onSpeaking = (speaking) => {
    const face = panel().querySelector("[data-seat][aria-pressed=true] .portrait");
    for (const one of stage.querySelectorAll(".is-speaking")) one.classList.replace("is-speaking", "is-idle");
    if (speaking) face?.classList.replace("is-idle", "is-speaking");
  };

  stage.addEventListener("click", (event) => {
    const seat = event.target.closest("[data-seat]");
    if (!seat) return;
    light(stage, seat);
    voice.say(seat.dataset);
  });

  form.addEventListener("change", (event) => {
    if (event.target.name === "scenery") seatPanel(form, stage, voice, event.target);
    if (event.target.name === "mode") showMode(form);
    if (event.target.matches("[data-room-language]")) offerSamples(form);
  });

  for (const button of form.querySelectorAll("[data-take-seat]")) {
    button.addEventListener("click", () => {
      const radio = button.closest(".case")?.querySelector("input[name=scenery]");
      if (radio && !radio.checked) {
        radio.checked = true;
        seatPanel(form, stage, voice, radio);
      }
      takeSeat(form, button);
    });
  }

  // a page taken back from the history must not still be waiting for its last answer
  window.addEventListener("pageshow", () => form.querySelectorAll("[data-take-seat]").forEach(release));

  showMode(form);
  offerSamples(form);
  const speaker = [...panel().querySelectorAll("[data-seat]")].find((seat) => seat.dataset.name === voice.speaker);
  if (speaker) light(stage, speaker);
  voice.opening();
}

/* What is being said on the left of the stage, and by whom. */
class Voice {
  constructor(figure) {
    this.speaker = figure.dataset.speaker;
    this.text = figure.querySelector("[data-roast-text]");
    this.said = figure.querySelector("[data-roast-typed]");
    this.unsaid = figure.querySelector("[data-roast-rest]");
    this.by = figure.querySelector("[data-roast-by]");
    this.typing = null;
    this.onSpeaking = () => {};
  }

  opening() {
    this.type(this.text.textContent);
  }

  say({ name, title, tagline }) {
    this.text.textContent = tagline;
    this.text.setAttribute("aria-live", "polite");
    const role = document.createElement("span");
    role.className = "muted";
    role.textContent = ` · ${title}`;
    this.by.replaceChildren(name, role);
    this.type(tagline);
  }

  type(line) {
    this.typing?.abort();
    this.typing = new AbortController();
    const { signal } = this.typing;
    // the aborted line ends on its next tick; start after it so that it cannot overwrite this one
    setTimeout(async () => {
      if (signal.aborted) return;
      this.onSpeaking(true);
      await typeLine(this.said, this.unsaid, line, { signal });
      if (!signal.aborted) this.onSpeaking(false);
    }, 60);
  }
}

function light(stage, seat) {
  const seats = seat.closest("[data-panel]").querySelectorAll("[data-seat]");
  for (const other of seats) {
    other.classList.toggle("is-unlit", other !== seat);
    other.setAttribute("aria-pressed", String(other === seat));
  }
  const frame = stage.getBoundingClientRect();
  const spot = seat.getBoundingClientRect();
  const sideways = (spot.left + spot.width / 2 - frame.left) / frame.width - 0.5;
  const degrees = (-Math.atan2(sideways, SEAT_DEPTH) * 180) / Math.PI;
  stage.style.setProperty("--aim", `${degrees.toFixed(1)}deg`);
}

function seatPanel(form, stage, voice, radio) {
  for (const list of stage.querySelectorAll("[data-panel]")) list.hidden = list.dataset.panel !== radio.value;
  const modes = radio.dataset.modes.split(" ");
  for (const choice of form.querySelectorAll("input[name=mode]")) {
    choice.disabled = !modes.includes(choice.value);
    if (choice.disabled && choice.checked) form.querySelector(`input[name=mode][value=${modes[0]}]`).checked = true;
  }
  const chair = stage.querySelector("[data-panel]:not([hidden]) [data-seat]");
  light(stage, chair);
  voice.say(chair.dataset);
  showMode(form);
}

function showMode(form) {
  const mode = form.querySelector("input[name=mode]:checked").value;
  for (const fact of form.querySelectorAll("[data-fact]")) fact.hidden = fact.dataset.fact !== mode;
}

/* A sample is written in one language: offer those of the language the interview is held in. */
function offerSamples(form) {
  const select = form.querySelector("[data-sample]");
  if (!select) return;
  const language = form.querySelector("[data-room-language]").value;
  const fitting = [...select.options].filter((option) => option.dataset.language === language);
  if (fitting.length === 0) return;
  for (const option of select.options) option.hidden = option.disabled = !fitting.includes(option);
  if (!fitting.includes(select.selectedOptions[0])) fitting[0].selected = true;
}

async function takeSeat(form, button) {
  const failure = form.querySelector("[data-failure]");
  failure.hidden = true;
  button.setAttribute("aria-busy", "true");
  button.disabled = true;
  try {
    const room = await sendJson(form.dataset.rooms, {
      scenery: form.querySelector("input[name=scenery]:checked").value,
      mode: form.querySelector("input[name=mode]:checked").value,
      language: form.querySelector("[data-room-language]").value,
      resume: { sample: form.querySelector("[data-sample]")?.value ?? "" },
    });
    location.assign(room.links.page);
  } catch (error) {
    form.querySelector("[data-failure-text]").textContent = `${t("The door stayed shut.")} ${sentenceFor(error)}`;
    failure.hidden = false;
    failure.scrollIntoView({ block: "nearest" });
    release(button);
  }
}

function release(button) {
  button.removeAttribute("aria-busy");
  button.disabled = false;
}

const lobby = document.querySelector("[data-lobby]");
if (lobby) open(lobby);
