/**
 * The room as a fold over its event log: pure functions, no DOM, no clock, no network.
 *
 * One rule removes the whole family of doubled or missing lines: a durable event counts once, by
 * its offset; a snapshot replaces the text of a streaming turn; a delta appends to it by `seq`.
 * Whatever order cuts and reconnects deliver things in, the same log gives the same state.
 */

/** Where a durable event stands against what we already hold. */
export const Position = Object.freeze({ OLD: "old", NEXT: "next", GAP: "gap" });

/** Turn states nothing can follow. */
const TERMINAL = new Set(["done", "cancelled", "failed", "rejected"]);

/** Return the empty room: what is fixed at the start, and nothing that happened yet. */
export function emptyRoom(room) {
  const approval = {};
  for (const person of room.panel) approval[person.id] = room.mode === "convince" ? 40 : 0;
  return {
    id: room.id,
    epoch: room.epoch,
    offset: 0,
    mode: room.mode,
    language: room.first_language || room.language,
    status: "interviewing",
    round: 0,
    par: null,
    hp: 100,
    approval,
    convinced: [],
    walkedOut: [],
    speaker: null,
    turn: null,
    entries: [],
    ledger: [],
    record: [],
    spent: {},
    target: null,
    settings: { ...(room.settings || {}) },
    streak: 0,
    hints: 0,
    goalReached: null,
    result: null,
  };
}

/** Say whether `event` is old news, the next one, or proof that something is missing. */
export function positionOf(state, event) {
  if (event.offset <= state.offset) return Position.OLD;
  return event.offset === state.offset + 1 ? Position.NEXT : Position.GAP;
}

/** Return the state after one durable event; old ones change nothing. */
export function foldEvent(state, event) {
  if (event.offset <= state.offset) return state;
  const next = {
    ...state,
    offset: event.offset,
    record: [...state.record, event],
  };
  const step = STEPS[event.type];
  return step ? step(next, event.data || {}, event) : next;
}

/** Return the state with a streaming turn's text replaced, or the same state if it is not ours. */
export function foldSnapshot(state, snapshot) {
  const entry = turnEntry(state, snapshot.turn_id);
  if (!entry || TERMINAL.has(entry.state)) return state;
  if (entry.seq !== null && entry.seq > snapshot.upto_seq) return state;
  return withEntry(state, entry.key, {
    text: snapshot.text,
    seq: snapshot.upto_seq,
    state: snapshot.text ? "streaming" : entry.state,
  });
}

/** Say whether a delta is old, next, or behind a gap for the turn it names. */
export function deltaPosition(state, delta) {
  const entry = turnEntry(state, delta.turn_id);
  if (!entry || TERMINAL.has(entry.state)) return Position.OLD;
  if (entry.seq === null) return delta.seq <= 1 ? Position.NEXT : Position.GAP;
  if (delta.seq <= entry.seq) return Position.OLD;
  return delta.seq === entry.seq + 1 ? Position.NEXT : Position.GAP;
}

/** Return the state with the delta's text appended; callers check `deltaPosition` first. */
export function foldDelta(state, delta) {
  if (deltaPosition(state, delta) !== Position.NEXT) return state;
  const entry = turnEntry(state, delta.turn_id);
  return withEntry(state, entry.key, {
    text: entry.text + delta.text,
    seq: delta.seq,
    state: "streaming",
  });
}

/** Return the turn that is under way or last ended, or null. */
export function currentTurn(state) {
  return state.turn ? turnEntry(state, state.turn) : null;
}

/**
 * Say whose move it is: settled, scoring, waiting, speaking, answer, interrupted (the question
 * broke off, but what was heard can be answered or asked again) or stuck (only asked again).
 */
export function floor(state) {
  if (state.result) return "settled";
  const turn = currentTurn(state);
  if (state.status === "scoring") return "scoring";
  if (!turn || state.status === "interviewing") {
    return turn?.state === "streaming" ? "speaking" : "waiting";
  }
  if (turn.state === "done") return "answer";
  return turn.text ? "interrupted" : "stuck";
}

/** Return the spoken and written lines in order: what two readers of one log must agree on. */
export function transcript(state) {
  return state.entries
    .filter((entry) => entry.kind === "turn" || entry.kind === "answer")
    .map((entry) =>
      entry.kind === "turn"
        ? { id: entry.id, who: entry.speaker, state: entry.state, text: entry.text }
        : { id: entry.clientId, who: "you", state: "sent", text: entry.text },
    );
}

function turnEntry(state, turnId) {
  return state.entries.find((entry) => entry.kind === "turn" && entry.id === turnId) || null;
}

function withEntry(state, key, change) {
  const entries = state.entries.map((entry) =>
    entry.key === key ? { ...entry, ...change } : entry,
  );
  return { ...state, entries };
}

function append(state, entry) {
  return { ...state, entries: [...state.entries, entry] };
}

function lastAnswer(state) {
  for (let index = state.entries.length - 1; index >= 0; index -= 1) {
    const entry = state.entries[index];
    if (entry.kind === "answer") return entry;
    if (entry.kind === "turn" && entry.state !== "queued") return null;
  }
  return null;
}

function ensureTurn(state, turnId) {
  if (!turnId || turnEntry(state, turnId)) return { ...state, turn: turnId || state.turn };
  const entry = {
    key: `turn:${turnId}`,
    kind: "turn",
    id: turnId,
    speaker: state.speaker,
    state: "queued",
    text: "",
    seq: null,
    durable: "",
    durableSeq: 0,
    lang: state.language,
    round: state.round,
    position: null,
    plan: null,
    chosen: null,
    reason: null,
    notes: [],
  };
  return { ...append(state, entry), turn: turnId, status: "interviewing" };
}

function changeTurn(state, turnId, change) {
  const ready = ensureTurn(state, turnId);
  const entry = turnEntry(ready, ready.turn);
  if (!entry) return ready;
  if (TERMINAL.has(entry.state)) return ready;
  return withEntry(ready, entry.key, typeof change === "function" ? change(entry) : change);
}

function addNote(state, event, note, data) {
  return append(state, { key: `note:${event.offset}`, kind: "note", note, data, round: state.round });
}

function addToLedger(state, row) {
  const answer = lastAnswer(state);
  const full = { ...row, round: state.round, answer: answer ? answer.key : null };
  const ledger = [...state.ledger, full];
  if (!answer) return { ...state, ledger };
  return withEntry({ ...state, ledger }, answer.key, { changes: [...answer.changes, full] });
}

function endTurn(state, data, event, change) {
  const ready = changeTurn(state, event.turn_id, change);
  return { ...ready, status: "awaiting_answer" };
}

/** One line per event type that changes what the candidate sees; the rest is only recorded. */
const STEPS = {
  "room.created": (state, data) => ({
    ...state,
    hp: data.hp ?? state.hp,
    approval: { ...state.approval, ...(data.approval || {}) },
    language: data.language || state.language,
  }),

  "settings.changed": (state, data, event) => {
    const changed = Object.fromEntries(
      Object.entries(data).filter(([, value]) => value !== null && value !== undefined),
    );
    const language = changed.language || state.language;
    return addNote(
      { ...state, settings: { ...state.settings, ...changed }, language },
      event,
      "settings",
      changed,
    );
  },

  "round.started": (state, data) => {
    const begun = { ...state, round: data.round, par: data.par };
    return append(begun, {
      key: `round:${data.round}`,
      kind: "round",
      round: data.round,
      par: data.par,
    });
  },

  "turn.speaker_selected": (state, data, event) => {
    const chosen = { strategy: data.strategy, reason: data.reason };
    const seated = { ...state, speaker: data.speaker };
    if (!event.turn_id) return seated;
    return changeTurn(seated, event.turn_id, { speaker: data.speaker, chosen });
  },

  "turn.planned": (state, data, event) => {
    const planned = event.turn_id
      ? changeTurn(state, event.turn_id, { plan: data })
      : state;
    const target = data.fact_id || null;
    const spent = target ? { ...planned.spent, [target]: true } : planned.spent;
    return { ...planned, target, spent };
  },

  "turn.queued": (state, data, event) =>
    changeTurn(state, event.turn_id, { state: "queued", position: data.position ?? null }),

  "turn.started": (state, data, event) => {
    const speaker = data.speaker || state.speaker;
    const started = changeTurn({ ...state, speaker }, event.turn_id, (entry) => ({
      speaker,
      state: entry.state === "streaming" ? "streaming" : "thinking",
      position: null,
      provider: data.provider,
      model: data.model,
      epoch: data.epoch,
      lang: state.language,
    }));
    return { ...started, status: "interviewing" };
  },

  "turn.first_token": (state, data, event) =>
    changeTurn(state, event.turn_id, { state: "streaming", ttftMs: data.ttft_ms }),

  "turn.segment": (state, data, event) =>
    changeTurn(state, event.turn_id, (entry) => {
      if (data.upto_seq <= entry.durableSeq) return {};
      const durable = entry.durable + data.text;
      const change = { durable, durableSeq: data.upto_seq, state: "streaming" };
      return data.upto_seq > (entry.seq ?? 0) ? { ...change, text: durable, seq: data.upto_seq } : change;
    }),

  "turn.done": (state, data, event) =>
    endTurn(state, data, event, {
      state: "done",
      text: data.text,
      durationMs: data.duration_ms,
      usage: data.usage,
    }),

  "turn.cancelled": (state, data, event) =>
    endTurn(state, data, event, {
      state: "cancelled",
      text: data.kept_text ?? "",
      reason: data.by,
      latencyMs: data.latency_ms,
    }),

  "turn.failed": (state, data, event) =>
    endTurn(state, data, event, {
      state: "failed",
      ...(data.kept_text ? { text: data.kept_text } : {}),
      reason: data.reason,
      retryable: data.retryable !== false,
    }),

  "turn.rejected": (state, data, event) => {
    const refusal = { reason: data.reason, retryAfter: data.retry_after_s ?? null };
    const entry = turnEntry(state, event.turn_id);
    if (!entry || TERMINAL.has(entry.state)) return addNote(state, event, "refused", refusal);
    return endTurn(state, data, event, { ...refusal, state: "rejected", retryable: true });
  },

  "turn.degraded": (state, data, event) =>
    changeTurn(state, event.turn_id, { degraded: { from: data.from, to: data.to, reason: data.reason } }),

  "followup.fired": (state, data) => {
    const answer = lastAnswer(state);
    return answer
      ? withEntry(state, answer.key, { followup: { id: data.id, trigger: data.trigger } })
      : state;
  },

  "answer.submitted": (state, data, event) => {
    const key = `answer:${data.client_id || event.offset}`;
    const answered = append(state, {
      key,
      kind: "answer",
      clientId: data.client_id,
      lang: state.language,
      text: data.text,
      round: state.round,
      par: state.par,
      turn: state.turn,
      score: null,
      reaction: null,
      injection: [],
      changes: [],
      followup: null,
    });
    return { ...answered, status: "scoring", target: null };
  },

  "integrity.injection": (state, data) => {
    const answer = lastAnswer(state);
    return answer
      ? withEntry(state, answer.key, { injection: [...answer.injection, data.span] })
      : state;
  },

  "answer.scored": (state, data) => {
    const answer = lastAnswer(state);
    const streak = data.q >= data.par ? state.streak + 1 : 0;
    const scored = { ...state, status: "interviewing", streak };
    if (!answer) return scored;
    return withEntry(scored, answer.key, { score: data, reaction: data.reaction || null });
  },

  "hp.changed": (state, data) =>
    addToLedger(
      { ...state, hp: data.to },
      { kind: "hp", from: data.from, to: data.to, reason: data.reason, shielded: data.shielded },
    ),

  "approval.changed": (state, data) =>
    addToLedger(
      { ...state, approval: { ...state.approval, [data.persona]: data.to } },
      { kind: "approval", persona: data.persona, from: data.from, to: data.to, reason: data.reason },
    ),

  "persona.convinced": (state, data, event) =>
    addNote(
      { ...state, convinced: [...new Set([...state.convinced, data.persona])] },
      event,
      "convinced",
      data,
    ),

  "persona.unconvinced": (state, data, event) =>
    addNote(
      { ...state, convinced: state.convinced.filter((id) => id !== data.persona) },
      event,
      "unconvinced",
      data,
    ),

  "persona.walked_out": (state, data, event) =>
    addNote({ ...state, walkedOut: [...state.walkedOut, data.persona] }, event, "walked_out", data),

  "hint.taken": (state, data, event) =>
    addNote({ ...state, hints: state.hints + 1 }, event, "hint", data),

  "goal.reached": (state, data, event) =>
    addNote({ ...state, goalReached: data.round ?? state.round }, event, "goal", data),

  "room.forked": (state, data, event) => addNote(state, event, "forked", data),

  "room.settled": (state, data, event) =>
    append(
      { ...state, status: "settled", result: data.result, reason: data.reason, target: null },
      { key: `settled:${event.offset}`, kind: "settled", data },
    ),
};
