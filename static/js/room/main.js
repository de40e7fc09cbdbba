/**
 * The room: wires the fold, the lines to the server and the parts of the page together.
 *
 * Everything on screen is drawn from one folded state. Events come in, `take` folds them, `draw`
 * draws; effects (stamps, sounds, spoken sentences) are played only for what happens while the
 * reader is here, never for what is being caught up with.
 */

import { sendJson, sentenceFor } from "../lib/api.js";
import { saidAloud } from "../lib/blanks.js";
import { t } from "../i18n.js";
import { Announcer } from "./a11y.js";
import { Composer } from "./composer.js";
import { Connection } from "./connection.js";
import { openDialog, openLedger, Settings, wireDialogs } from "./dialogs.js";
import { byId, keep, kept } from "./dom.js";
import { wireKeys } from "./keys.js";
import { Log } from "./log.js";
import { Control, EventStream, staleWatch } from "./net.js";
import { Outbox } from "./outbox.js";
import {
  currentTurn,
  deltaPosition,
  emptyRoom,
  floor,
  foldDelta,
  foldEvent,
  foldSnapshot,
  Position,
  positionOf,
  transcript,
} from "./reducer.js";
import { Papers } from "./sheet.js";
import { Sound } from "./sound.js";
import { Stage } from "./stage.js";
import { showVerdict } from "./verdict.js";
import { brokenTurn, score, verdictSentence, verdictWord, Words } from "./words.js";

const CATCH_UP_MS = 600;
const BEAT_MS = 1_050;
const CUT_IN_MS = 800;

const room = JSON.parse(byId("room-data").textContent);
const page = byId("room");
const api = `/api/rooms/${room.id}`;
const words = new Words(room);
const sound = new Sound();
const announcer = new Announcer();

let state = emptyRoom(room);
let isCatchingUp = true;
let isInterrupting = false;
let isAskingAgain = false;
let isGreeting = false;
let hints = kept(`hotseat.hints.${room.id}`, {});
let isDrawQueued = false;
let voice = { id: null, isHeard: false };

const outbox = new Outbox({ room, onChange: draw, onRefused: () => stream.reconnectNow() });
const stage = new Stage({ room, words, onSeat: showSeat, onNerve: showNerve });
const papers = new Papers({ room, words });
const settings = new Settings({ url: `${api}/settings` });
const log = new Log({
  room,
  scroller: byId("log"),
  list: byId("log-lines"),
  pill: byId("log-pill"),
  words,
  onSpeech: heard,
  actions: {
    retry: askAgain,
    claim: (entry) => papers.show(entry.plan?.fact_id),
    resend: (entry) => outbox.resend(entry),
    discard: (entry) => outbox.withdraw(entry),
    edit: (entry) => composer.restore(outbox.withdraw(entry)),
  },
});
const composer = new Composer({
  room,
  onSend: submit,
  onInterrupt: interrupt,
  onHint: takeHint,
  onSpace: () => log.finishLine(),
});
const connection = new Connection({ announcer, onNow: dialAgain });
const stream = new EventStream(withToken(room.events_url), {
  message: take,
  state: lineChanged,
  position: () => ({ epoch: state.epoch, offset: state.offset }),
  reset: startOver,
});
const noticed = staleWatch(() => state.offset, () => stream.reconnectNow());
const control = new Control(withToken(room.ws_url), {
  notice: noticed,
  latency: (ms) => connection.latency(ms),
});

/** Fold one message of the stream; a gap means hanging up and dialling from where we are. */
function take({ id, event, data }) {
  const body = JSON.parse(data);
  if (event === "snapshot") {
    state = foldSnapshot(state, body);
    queueDraw();
    return;
  }
  if (event === "delta") {
    if (deltaPosition(state, body) === Position.GAP) stream.reconnectNow();
    state = foldDelta(state, body);
    queueDraw();
    return;
  }
  if (event === "position") {
    if (body.offset > state.offset) noticed(body.offset);
    return;
  }
  const epoch = id?.slice(0, id.lastIndexOf("."));
  if (epoch) state = { ...state, epoch };
  if (positionOf(state, body) === Position.GAP) {
    stream.reconnectNow();
    return;
  }
  if (positionOf(state, body) === Position.OLD) return;
  state = foldEvent(state, body);
  outbox.settle(state);
  if (state.offset >= room.offset && isCatchingUp === true) isCatchingUp = false;
  if (isLive() && body.offset > room.offset) react(body);
  queueDraw();
}

/** Pass on the token that let this reader see the page, if it was one. */
function withToken(url) {
  const token = new URLSearchParams(globalThis.location.search).get("token");
  return token ? `${url}?token=${encodeURIComponent(token)}` : url;
}

/** Say whether what arrives now is happening now. */
function isLive() {
  return !isCatchingUp && performance.now() > quietUntil;
}

let quietUntil = 0;

function lineChanged(line) {
  if (line.name === "live" && connection.wasDown) quietUntil = performance.now() + CATCH_UP_MS;
  connection.take(line);
  queueDraw();
}

/** The log we read is gone: forget what we folded and read it from the start. */
function startOver() {
  state = emptyRoom(room);
  isCatchingUp = true;
  log.forget();
}

function dialAgain() {
  if (connection.state.name === "lost") globalThis.location.reload();
  else stream.reconnectNow();
}

function queueDraw() {
  if (isDrawQueued) return;
  isDrawQueued = true;
  const next = document.hidden ? (work) => setTimeout(work, 60) : requestAnimationFrame;
  next(() => {
    isDrawQueued = false;
    draw();
  });
}

/** Whose move it is, counting an answer that is on its way as taken. */
function currentFloor() {
  const now = floor(state);
  const mayAnswer = now === "answer" || now === "interrupted";
  return mayAnswer && outbox.isSending ? "scoring" : now;
}

function draw() {
  if (isCatchingUp && state.offset < room.offset) return;
  const turn = currentTurn(state);
  const now = currentFloor();
  if (now !== "speaking" && now !== "waiting") isInterrupting = false;
  if (now !== "interrupted" && now !== "stuck") isAskingAgain = false;
  const isBusy = now === "speaking" || now === "waiting";
  const speaker = turn && isBusy ? turn.speaker : null;
  if (voice.id !== speaker) voice = { id: speaker, isHeard: false };
  if (voice.id && log.typing?.hasSpoken) voice.isHeard = true;
  page.dataset.floor = now;
  page.dataset.offset = String(state.offset);
  log.mayRetry = !state.result && (now === "interrupted" || now === "stuck");
  log.render(state, outbox.entries(), { isLive: isLive() });
  if (!isGreeting) stage.light(now === "settled" ? null : turn?.speaker || null);
  stage.render(state, voice);
  papers.render(state, connection.latencyMs);
  settings.render(state);
  composer.render({
    floor: now,
    name: turn ? words.name(turn.speaker) : "",
    isInterrupting,
    isOnline: !connection.wasDown,
    hintText: now === "answer" && turn ? hints[turn.id] : "",
  });
  byId("loading").hidden = true;
  byId("goal").hidden = !state.goalReached || Boolean(state.result) || isGoalRead();
  showVerdict(state, room, words);
}

/** The typewriter let the first words of a turn out, or its last. */
function heard(entry, isOver = false) {
  if (isOver) {
    voice = { id: null, isHeard: false };
    stage.render(state, voice);
    return;
  }
  const person = room.panel.find((other) => other.id === entry.speaker);
  sound.motif(person?.motif);
  if (voice.id === null) voice = { id: entry.speaker, isHeard: true };
  voice.isHeard = true;
  stage.render(state, voice);
}

/** Effects of what happens while the reader is here: sounds, spoken sentences, blows. */
const REACTIONS = {
  "turn.speaker_selected": () => sound.lamp(),
  "turn.started": (event) => announcer.say(words.waiting(currentTurn(state) || event.data)),
  "turn.done": (event) => {
    const turn = currentTurn(state);
    announcer.say(t("{name} asked: {text}", { name: words.name(turn?.speaker), text: event.data.text }));
  },
  "turn.cancelled": () => announcer.say(t("Interrupted.")),
  "turn.failed": (event) => announcer.alarm(brokenTurn(event.data)),
  "turn.rejected": (event) => announcer.alarm(brokenTurn(event.data)),
  "answer.scored": (event) => {
    const answer = state.entries.findLast((entry) => entry.kind === "answer");
    log.hold(BEAT_MS);
    if (answer) later(() => log.strike(answer.key, event.data.q < event.data.par));
    const { q, par, reaction } = event.data;
    const sum = t("Scored {q} against a par of {par}.", { q: score(q), par: score(par) });
    announcer.say([sum, reaction?.text].filter(Boolean).join(" "));
    if (event.data.q >= event.data.par) sound.chime(state.streak);
  },
  "hp.changed": (event) => feel({ kind: "hp", ...event.data }),
  "approval.changed": (event) => feel({ kind: "approval", ...event.data }),
  "persona.convinced": (event) => {
    sound.chime(5);
    announcer.say(t("{name} is convinced", { name: words.name(event.data.persona) }));
  },
  "persona.walked_out": (event) =>
    announcer.alarm(t("{name} has left the room.", { name: words.name(event.data.persona) })),
  "goal.reached": () => announcer.alarm(t("The win is yours to keep. Leave with it, or go on.")),
  "room.settled": (event) => {
    sound.seal(event.data.result === "won");
    announcer.alarm(`${verdictWord(event.data.result, event.data.reason)}. ${verdictSentence(event.data.reason)}`);
  },
};

function react(event) {
  REACTIONS[event.type]?.(event);
}

function feel(change) {
  const loss = change.from - change.to;
  later(() => stage.feel(change));
  if (loss > 0 && change.kind === "hp") sound.stamp(Math.min(1, loss / 40));
  else if (loss > 0) sound.stamp(0.2);
}

/** Play an effect once the next drawing has put its nodes on the page. */
function later(effect) {
  requestAnimationFrame(() => requestAnimationFrame(effect));
}

function submit(text) {
  sound.brush();
  log.toEnd();
  outbox.send(text);
}

/** Cut in: the words stop here at once, and the server is told by the shortest road. */
async function interrupt() {
  const now = floor(state);
  if (isInterrupting || (now !== "speaking" && now !== "waiting")) return false;
  const turnId = state.turn;
  isInterrupting = true;
  log.freeze();
  sound.stamp(0.15);
  draw();
  try {
    await withTimeout(control.ask({ type: "cancel", turn_id: turnId }), CUT_IN_MS);
  } catch (refusal) {
    if (refusal.code !== "nothing_to_cancel") await cancelByPost(turnId);
  }
  return true;
}

async function cancelByPost(turnId) {
  try {
    await sendJson(`${api}/cancel`, { turn_id: turnId });
  } catch (error) {
    isInterrupting = false;
    log.thaw();
    if (error.code !== "nothing_to_cancel") announcer.alarm(sentenceFor(error));
    draw();
  }
}

function withTimeout(promise, ms) {
  const tooLate = new Promise((_, reject) => {
    setTimeout(() => reject(new Error("too late")), ms);
  });
  return Promise.race([promise, tooLate]);
}

async function askAgain() {
  if (isAskingAgain) return;
  isAskingAgain = true;
  try {
    await sendJson(`${api}/retry`, {});
  } catch (error) {
    composer.nudge(sentenceFor(error));
  } finally {
    isAskingAgain = false;
  }
}

async function takeHint() {
  const { turn } = state;
  if (floor(state) !== "answer" || hints[turn]) return;
  try {
    const { hint } = await sendJson(`${api}/hint`, {});
    hints = { ...hints, [turn]: hint };
    keep(`hotseat.hints.${room.id}`, hints);
    announcer.say(saidAloud(hint));
  } catch (error) {
    composer.nudge(sentenceFor(error));
  }
  draw();
}

async function leave() {
  try {
    await sendJson(`${api}/leave`, {});
    byId("leave").close();
    byId("menu").close();
  } catch (error) {
    byId("leave-problem").textContent = sentenceFor(error);
    byId("leave-problem").hidden = false;
  }
}


function isGoalRead() {
  return kept(`hotseat.overtime.${room.id}`, false);
}

function stayOn() {
  keep(`hotseat.overtime.${room.id}`, true);
  byId("goal").hidden = true;
  composer.focus();
}

function showSeat(id) {
  const person = room.panel.find((other) => other.id === id);
  openLedger({
    title: person.name,
    subtitle: person.title,
    lead: person.tagline,
    note: words.listensFor(person),
    asked: state.entries.filter((entry) => entry.kind === "turn" && entry.speaker === id && entry.text),
    rows: state.ledger.filter((row) => row.kind === "approval" && row.persona === id),
    words,
    onPick: (key) => log.show(key),
  });
}

function showNerve() {
  const isConvince = room.mode === "convince";
  openLedger({
    title: isConvince ? t("Votes") : t("Nerve"),
    lead: isConvince
      ? t("At {limit} a judge is convinced. At 8 they walk out.", { limit: room.convinced_at || 70 })
      : t("It sinks with every answer under par. At 0 the interview is over."),
    rows: state.ledger.filter((row) => row.kind === (isConvince ? "approval" : "hp")),
    words,
    onPick: (key) => log.show(key),
  });
}

function showPar() {
  openLedger({
    title: t("Par"),
    lead: t("What an answer must score this round, of 100. It rises as you go on. Under par costs nerve; 15 over gives some back."),
    rows: [],
    words,
    onPick: () => {},
  });
  byId("ledger-empty").hidden = true;
}

function escape() {
  if (papers.isOver) {
    papers.close();
    return true;
  }
  const now = floor(state);
  if (now !== "speaking" && now !== "waiting") return log.finishLine();
  interrupt();
  return true;
}

function switchSound() {
  const isOn = sound.toggle();
  const button = byId("sound");
  button.setAttribute("aria-pressed", String(isOn));
  button.querySelector(".is-sound").toggleAttribute("hidden", !isOn);
  button.querySelector(".is-muted").toggleAttribute("hidden", isOn);
}

function wirePage() {
  wireDialogs();
  wireKeys({
    escape,
    seat: (place) => {
      const seat = stage.seatAt(place);
      if (seat) showSeat(seat.dataset.seat);
      return Boolean(seat);
    },
    finish: () => log.finishLine(),
    focus: () => {
      composer.focus();
      return true;
    },
    help: () => Boolean(openDialog("help")),
    hint: () => {
      takeHint();
      return true;
    },
  });
  byId("sound").addEventListener("click", switchSound);
  byId("sound").setAttribute("aria-pressed", String(sound.isOn));
  byId("sound").querySelector(".is-sound").toggleAttribute("hidden", !sound.isOn);
  byId("sound").querySelector(".is-muted").toggleAttribute("hidden", sound.isOn);
  byId("par").addEventListener("click", showPar);
  byId("leave-yes").addEventListener("click", leave);
  byId("goal-leave").addEventListener("click", leave);
  byId("goal-stay").addEventListener("click", stayOn);
}

function begin() {
  wirePage();
  const isFirstTurn = room.status !== "settled" && room.round <= 1 && (room.turn?.id ?? "t1") === "t1";
  const isNew = isFirstTurn && kept(`hotseat.greeted.${room.id}`, false) === false;
  log.greet(isNew, (person) => {
    isGreeting = person !== null;
    if (!person) return queueDraw();
    sound.motif(person.motif);
    return stage.arrive(person.id);
  });
  keep(`hotseat.greeted.${room.id}`, true);
  if (room.offset === 0) isCatchingUp = false;
  stream.start();
  control.start();
  if (!isTouch()) composer.focus();
  // what a test or a curious player may read: the folded room and its transcript
  globalThis.hotseat = { state: () => state, transcript: () => transcript(state) };
}

function isTouch() {
  return globalThis.matchMedia("(pointer: coarse)").matches;
}

begin();
