/**
 * One line of the transcript as a DOM node: what the panel says, what you say, and what happens in
 * between. Each builder returns a node for one entry of the folded room; `log.js` keeps them.
 */

import { t } from "../i18n.js";
import { wholeWords } from "../lib/quotes.js";
import { h } from "./dom.js";
import { languageOf } from "./heuristics.js";
import {
  brokenTurn,
  dimension,
  judgeSentence,
  noteSentence,
  pressedSentence,
  score,
  signed,
  understudy,
} from "./words.js";

const HTML_LANG = { zh: "zh-Hans", en: "en" };

/** Return the heading of a round: a hairline with its number and what is expected of it. */
export function roundLine(entry) {
  return h(
    "div",
    { class: "round-mark", "data-round": entry.round },
    h("span", { class: "round-mark__name" }, t("Round {round}", { round: entry.round })),
    h("span", { class: "round-mark__par number" }, t("par {par}", { par: score(entry.par) })),
  );
}

/** Return a quiet sentence between the lines. */
export function noteLine(entry, words) {
  const sentence = noteSentence(entry, words);
  const tone = { convinced: "good", goal: "good", walked_out: "bad", unconvinced: "bad", refused: "bad" };
  return h("p", { class: `note note--${tone[entry.note] || "plain"}`, hidden: !sentence }, sentence);
}

/** Return the last line of the record. */
export function settledLine() {
  return h("p", { class: "note note--end" }, t("End of the record."));
}

/** Return a greeting: the panel takes its seats before anything is recorded. */
export function greetingLine(person, language) {
  return panelFrame(person, language, h("p", { class: "speech speech--greeting" }, person.greeting));
}

/** Return what the asker lets slip on hearing an answer. */
export function reactionLine(person, entry, isLive) {
  const line = panelFrame(person, entry.lang, h("p", { class: "speech speech--reaction" }, entry.text));
  line.classList.toggle("is-arriving", isLive);
  line.dataset.reaction = entry.persona;
  return line;
}

function panelFrame(person, language, ...body) {
  return h(
    "article",
    { class: `line line--panel accent-${person?.portrait?.accent || "slate"}` },
    h("div", { class: "line__who" }, h("b", { class: "line__name" }, person?.name || t("The panel"))),
    h("div", { class: "line__body", lang: HTML_LANG[language] || null }, ...body),
  );
}

/**
 * Return one turn of the panel. `shown` is how much of the text the typewriter has let out;
 * `actions` has retry(entry), claim(entry).
 */
export function turnLine(entry, { person, words, shown, actions, isCurrent }) {
  const isOver = ["done", "cancelled", "failed", "rejected"].includes(entry.state);
  const speech = h("p", { class: "speech" });
  fillSpeech(speech, entry, shown, actions);
  const line = panelFrame(person, entry.lang, speech);
  line.dataset.turn = entry.id;
  line.dataset.state = entry.state;
  line.querySelector(".line__who").append(...languageMark(entry.lang, words));
  if (shown === 0 && (entry.text || !isOver)) {
    speech.classList.add("speech--waiting", "waiting");
    speech.textContent = words.waiting(entry);
  }
  if (entry.degraded) {
    line.querySelector(".line__body").append(
      h("p", { class: "line__aside", "data-degraded": entry.degraded.reason }, understudy(entry.degraded)),
    );
  }
  if (entry.state === "cancelled") {
    line.querySelector(".line__body").append(brokenFoot(t("Interrupted"), "", entry, isCurrent, actions));
  }
  if (entry.state === "failed" || entry.state === "rejected") {
    line.querySelector(".line__body").append(
      brokenFoot(t("Broken off"), brokenTurn(entry), entry, isCurrent && entry.retryable, actions),
    );
  }
  return line;
}

/** Return a small mark on a line in another language than the room's; none on the others. */
function languageMark(language, words) {
  if (!language || language === words.language) return [];
  return [h("span", { class: "line__lang", "aria-hidden": "true" }, language === "zh" ? "中" : "EN")];
}

function brokenFoot(word, sentence, entry, canRetry, actions) {
  const retry = h(
    "button",
    { type: "button", class: "button button--small", onclick: () => actions.retry(entry) },
    t("Ask it again"),
  );
  return h(
    "div",
    { class: "line__broken" },
    h("span", { class: "stamp stamp--small" }, word),
    sentence ? h("span", { class: "line__sentence" }, sentence) : null,
    canRetry ? retry : null,
  );
}

/** Put the visible part of a turn's text into its paragraph, the quoted claim as a link to it. */
export function fillSpeech(speech, entry, shown, actions) {
  const text = entry.text.slice(0, shown);
  const claim = entry.plan?.claim;
  const at = claim ? text.indexOf(claim) : -1;
  speech.classList.remove("speech--waiting", "waiting");
  speech.textContent = "";
  if (at < 0) speech.append(text);
  else {
    speech.append(
      text.slice(0, at),
      h(
        "button",
        {
          type: "button",
          class: "claim",
          title: t("Show it on the résumé"),
          onclick: () => actions.claim(entry),
        },
        claim,
      ),
      text.slice(at + claim.length),
    );
  }
  if (shown < entry.text.length || entry.state === "streaming") {
    speech.append(h("span", { class: "caret", "aria-hidden": "true" }));
  }
}

/**
 * Return one answer of the candidate. Entries that are still on their way have `sending` of
 * "sending" or "failed"; `actions` has resend, edit, discard, open(entry).
 */
export function answerLine(entry, { words, actions, isOpen }) {
  const language = languageOf(entry.text, words.language);
  const stamps = damageStamps(entry, words);
  const slip = h(
    "div",
    { class: "slip" },
    answerText(entry, words, language),
    stamps.length ? h("div", { class: "slip__stamps" }, ...stamps) : null,
  );
  const line = h(
    "article",
    { class: "line line--you", "data-answer": entry.clientId, "data-state": entry.sending || "sent" },
    h(
      "div",
      { class: "line__who" },
      h("b", { class: "line__name" }, t("You")),
      ...languageMark(language, words),
    ),
    h("div", { class: "line__body" }, slip),
  );
  const body = line.querySelector(".line__body");
  if (entry.sending) body.append(sendingFoot(entry, actions));
  else if (entry.score) body.append(...scoreFoot(entry, words, actions, isOpen));
  else body.append(h("p", { class: "line__aside waiting" }, t("The panel weighs it")));
  return line;
}

function sendingFoot(entry, actions) {
  if (entry.sending === "sending") {
    return h("p", { class: "line__aside waiting" }, t("Handing it over"));
  }
  const button = (label, act, kind = "") =>
    h("button", { type: "button", class: `button button--small ${kind}`, onclick: () => act(entry) }, label);
  return h(
    "div",
    { class: "line__failed" },
    h("span", { class: "line__sentence" }, entry.problem || t("It did not get through.")),
    button(t("Send again"), actions.resend),
    button(t("Edit"), actions.edit),
    button(t("Discard"), actions.discard, "button--quiet"),
  );
}

function answerText(entry, words, language) {
  const text = h("p", { class: "slip__text", lang: HTML_LANG[language] });
  for (const piece of pieces(entry, words)) {
    if (!piece.kind) text.append(piece.text);
    else {
      text.append(
        h(
          "mark",
          {
            class: `evidence evidence--${piece.kind}`,
            "data-rules": piece.rules.join(" "),
            title: piece.rules.map((rule) => words.rule(rule)).join(" · "),
          },
          piece.text,
        ),
      );
    }
  }
  return text;
}

/** Cut the answer at every border of a quote, so that overlapping evidence needs no nesting. */
function pieces(entry, words) {
  const { text } = entry;
  const spans = entry.injection
    .filter(Boolean)
    .map(([start, end]) => ({ start, end, kind: "cut", rule: "injection" }));
  for (const item of entry.score?.evidence || []) {
    const start = item.quote ? text.indexOf(item.quote) : -1;
    if (start < 0) continue;
    const kind = words.isAgainst(item) ? "bad" : "good";
    spans.push({ start, end: start + item.quote.length, kind, rule: item.rule });
  }
  const borders = [...new Set([0, text.length, ...spans.flatMap(({ start, end }) => [start, end])])];
  borders.sort((one, other) => one - other);
  const found = [];
  for (let index = 0; index + 1 < borders.length; index += 1) {
    const [start, end] = [borders[index], borders[index + 1]];
    const over = spans.filter((span) => span.start <= start && span.end >= end);
    const kinds = over.map((span) => span.kind);
    const kind = ["cut", "bad", "good"].find((name) => kinds.includes(name)) || null;
    found.push({ text: text.slice(start, end), kind, rules: over.map((span) => span.rule) });
  }
  return found;
}

function scoreFoot(entry, words, actions, isOpen) {
  const result = entry.score;
  const foot = h("div", { class: "verdict-strip" });
  foot.append(
    h(
      "button",
      {
        type: "button",
        class: "verdict-strip__score number",
        "aria-expanded": String(isOpen),
        title: t("Why this score"),
        onclick: () => actions.open(entry),
      },
      h("b", {}, score(result.q)),
      h("span", { class: "muted" }, ` / ${score(result.par)}`),
      result.glyph ? h("span", { class: `glyph glyph--${glyphTone(result.glyph)}` }, result.glyph) : null,
      h("span", { class: "verdict-strip__why" }, t("why")),
    ),
  );
  const struck = entry.changes.filter((change) => change.kind === "hp");
  const seen = new Set(struck.map((change) => change.reason));
  const marks = (result.evidence || []).filter((item) => !seen.has(item.rule) && seen.add(item.rule));
  for (const item of marks.slice(0, 5)) {
    const isBad = words.isAgainst(item);
    foot.append(
      h("span", { class: `tag ${isBad ? "tag--cinnabar" : "tag--jade"}` }, isBad ? "− " : "+ ", words.rule(item.rule)),
    );
  }
  if (entry.injection.length > 0) {
    foot.append(h("p", { class: "line__aside" }, t("Words aimed at the score sheet were struck out before scoring.")));
  }
  return isOpen ? [foot, whyPanel(entry, words)] : [foot];
}

/** The blow or the kindness of an answer, as stamps; whoever asked comes first. */
function damageStamps(entry, words) {
  const asker = entry.score?.persona;
  const changes = entry.changes.filter((change) => change.to !== change.from);
  changes.sort((one, other) => (other.persona === asker) - (one.persona === asker));
  return changes.map((change) => {
    const delta = change.to - change.from;
    const rule = words.rule(change.reason);
    const shield = change.shielded ? ` ${t("(half: shield)")}` : "";
    return h(
      "span",
      {
        class: `stamp stamp--change ${delta < 0 ? "" : "stamp--jade"}`,
        "data-change": change.kind,
        title: rule,
      },
      `${change.kind === "approval" ? words.name(change.persona) : rule} ${signed(delta)}${shield}`,
    );
  });
}

function glyphTone(glyph) {
  if (glyph.startsWith("!")) return glyph === "!!" ? "gold" : "jade";
  return "cinnabar";
}

/** Return the arithmetic and the quotes behind a score. */
export function whyPanel(entry, words) {
  const { dimensions = {}, evidence = [], explain, caps = [], judged = null, pressed = null } = entry.score;
  const bars = Object.entries(dimensions).map(([key, level]) =>
    h(
      "li",
      { class: "levels__row" },
      h("span", { class: "levels__name" }, dimension(key)),
      h(
        "span",
        { class: "levels__bar", role: "img", "aria-label": t("{level} of 4", { level }) },
        ...[1, 2, 3, 4].map((step) => h("i", { class: step <= level ? "is-on" : "" })),
      ),
    ),
  );
  const quotes = evidence.map((item) => {
    const isBad = words.isAgainst(item);
    return h(
      "li",
      { class: `quotes__row quotes__row--${isBad ? "bad" : "good"}` },
      h("b", {}, words.rule(item.rule)),
      h("span", { class: "muted" }, ` ${dimension(item.dimension)} `),
      item.quote ? h("q", {}, wholeWords(item.quote, entry.text)) : h("span", { class: "muted" }, t("nothing of the kind said")),
    );
  });
  return h(
    "div",
    { class: "why" },
    h("ul", { class: "levels" }, ...bars),
    h("ul", { class: "quotes" }, ...quotes),
    pressed ? h("p", { class: "why__pressed", "data-pressed": pressed.outcome }, pressedSentence(pressed)) : null,
    caps.length ? h("p", { class: "why__caps" }, t("Capped: {caps}", { caps: caps.map((cap) => words.rule(cap)).join(t(", ")) })) : null,
    explain ? h("p", { class: "why__sum number" }, words.arithmetic(explain)) : null,
    judged ? h("p", { class: "why__judge", "data-judged": judged.outcome }, judgeSentence(judged)) : null,
  );
}

/** Return the mark after a soft line of the résumé; it opens to say what is wrong with it. */
export function softSpot(keys, words) {
  const sentence = keys.map((key) => words.rule(key)).join(" · ");
  const spot = h(
    "button",
    {
      type: "button",
      class: "soft",
      "aria-expanded": "false",
      "aria-label": sentence,
      title: sentence,
      onclick: () => spot.setAttribute("aria-expanded", String(spot.ariaExpanded !== "true")),
    },
    h("span", { class: "soft__mark" }, "!"),
    h("span", { class: "soft__words" }, sentence),
  );
  return spot;
}
