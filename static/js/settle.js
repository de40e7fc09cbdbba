/* Settlement: draws the verdict line, marks the evidence in the answers, hands out the link. */

import { t } from "./i18n.js";
import { sendJson, sentenceFor } from "./lib/api.js";
import { withBlanks } from "./lib/blanks.js";
import { wholeWords } from "./lib/quotes.js";
import { Words, pressedSentence } from "./room/words.js";

const SVG = "http://www.w3.org/2000/svg";
const PLOT = { height: 250, left: 44, right: 16, top: 26, bottom: 34 };
const KINDS = { "??": "bad", "?": "slip", "?!": "slip", "!": "good", "!!": "good" };

function open(page) {
  const table = page.querySelector("[data-graph]");
  if (table) drawIn(page.querySelector("[data-plot]"), pointsOf(table));
  for (const moment of page.querySelectorAll("[data-moment]")) {
    markEvidence(moment.querySelector("[data-answer]"), weighed(moment));
    const frame = moment.querySelector("[data-frame]");
    frame?.replaceChildren(...withBlanks(frame.textContent));
    sayInWords(moment.querySelector("[data-explain]"));
    sayWhatWasAsked(moment.querySelector("[data-pressed]"));
  }
  const button = page.querySelector("[data-share]");
  button?.addEventListener("click", () => share(button, page.querySelector("[data-share-words]")));
}

function pointsOf(table) {
  return [...table.tBodies[0].rows].map((row) => ({
    round: Number(row.cells[0].textContent),
    verdict: Number(row.cells[1].textContent),
    glyph: row.cells[2].textContent.trim(),
  }));
}

/* Drawn at the width it is shown at, so that its words keep their size on a phone. */
function drawIn(place, points) {
  let width = 0;
  new ResizeObserver(() => {
    if (place.clientWidth === width) return;
    width = place.clientWidth;
    place.replaceChildren(plot(points, width));
  }).observe(place);
}

/* The line starts at the first round; a dot that has a moment on the page links to it. */
function plot(points, width) {
  const svg = node("svg", { class: "plot", viewBox: `0 0 ${width} ${PLOT.height}`, role: "group", "aria-labelledby": "curve-title" });
  const last = points.length - 1;
  const across = (index) => PLOT.left + 14 + (last ? (index / last) * (width - PLOT.left - PLOT.right - 28) : 0);
  const up = (verdict) => PLOT.top + (1 - verdict / 100) * (PLOT.height - PLOT.top - PLOT.bottom);

  for (const level of [0, 50, 100]) {
    svg.append(
      node("line", { class: level === 50 ? "plot__half" : "plot__grid", "aria-hidden": "true", x1: PLOT.left, x2: width - PLOT.right, y1: up(level), y2: up(level) }),
      node("text", { class: "plot__label", "aria-hidden": "true", x: PLOT.left - 8, y: up(level) + 4, "text-anchor": "end" }, `${level}%`),
    );
  }
  const path = points.map((point, index) => `${index ? "L" : "M"}${across(index).toFixed(1)} ${up(point.verdict).toFixed(1)}`).join("");
  svg.append(node("path", { class: "plot__line", "aria-hidden": "true", d: path }));
  points.forEach((point, index) => svg.append(dot(point, across(index), up(point.verdict), points.length)));
  return svg;
}

function dot({ round, verdict, glyph }, x, y, count) {
  const moment = document.getElementById(`round-${round}`);
  const kind = KINDS[glyph] ? ` plot__point--${KINDS[glyph]}` : "";
  const group = moment
    ? node("a", { class: `plot__point${kind}`, href: `#round-${round}` })
    : node("g", { class: `plot__point${kind}` });
  if (!moment) group.setAttribute("aria-hidden", "true");
  group.append(
    node("title", {}, t("Round {round}: {verdict}%", { round, verdict })),
    node("circle", { class: "plot__dot", cx: x, cy: y, r: glyph ? 6 : 4 }),
  );
  if (glyph) group.append(node("text", { class: "plot__glyph", x, y: y < 56 ? y + 26 : y - 13 }, glyph));
  const crowded = count > 16 && round % 2 === 0;
  if (!crowded) group.append(node("text", { class: "plot__label", x, y: PLOT.height - 10, "text-anchor": "middle" }, round));
  return group;
}

/* Read the evidence off the page, and let no quote begin or end inside a word. */
function weighed(moment) {
  const answer = moment.querySelector("[data-answer]")?.textContent ?? "";
  return [...moment.querySelectorAll("[data-quote]")].map((said) => {
    const { quote } = said.dataset;
    said.textContent = wholeWords(quote, answer);
    return { quote, against: "against" in said.closest("li").dataset };
  });
}

function markEvidence(answer, evidence) {
  if (!answer) return;
  const text = answer.textContent;
  const spans = [];
  for (const { quote, against } of evidence) {
    const start = quote ? text.indexOf(quote) : -1;
    const end = start + quote.length;
    if (start >= 0 && spans.every((other) => end <= other.start || start >= other.end)) spans.push({ start, end, against });
  }
  spans.sort((one, other) => one.start - other.start);
  const nodes = [];
  let position = 0;
  for (const { start, end, against } of spans) {
    const mark = document.createElement("mark");
    mark.className = against ? "is-against" : "is-for";
    mark.textContent = text.slice(start, end);
    nodes.push(text.slice(position, start), mark);
    position = end;
  }
  answer.replaceChildren(...nodes, text.slice(position));
}

/* The server writes its arithmetic in a shorthand. */
function sayInWords(sum) {
  if (sum) sum.textContent = new Words({ panel: [], labels: {} }).arithmetic(sum.textContent);
}

function sayWhatWasAsked(line) {
  if (line) line.textContent = pressedSentence({ want: line.dataset.want, outcome: line.dataset.pressed });
}

/* Make a link for watching and hand it over: to the device's own sheet, or to the clipboard. */
async function share(button, words) {
  const say = (sentence) => {
    words.textContent = sentence;
    words.hidden = false;
  };
  button.disabled = true;
  try {
    const { token } = await sendJson(button.dataset.share, {});
    const url = `${location.origin}${location.pathname}?token=${encodeURIComponent(token)}`;
    await handOver(url, () => say(t("Link copied. Who has it reads every word, but not your résumé.")), () => say(url));
  } catch (error) {
    say(sentenceFor(error));
  } finally {
    button.disabled = false;
  }
}

async function handOver(url, copied, refused) {
  const isTouch = matchMedia("(pointer: coarse)").matches;
  try {
    if (isTouch && navigator.share) await navigator.share({ url, title: document.title });
    else {
      await navigator.clipboard.writeText(url);
      copied();
    }
  } catch (error) {
    if (error.name !== "AbortError") refused();
  }
}

function node(name, attributes, text = null) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== null) made.textContent = text;
  return made;
}

const settlement = document.querySelector("[data-settlement]");
if (settlement) open(settlement);
