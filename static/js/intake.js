/* Intake: paste, upload or borrow a résumé; the panel reads it; its claims are marked on the page. */

import { sendFile, sendJson, sentenceFor } from "./lib/api.js";
import { t, tn } from "./i18n.js";

const DRAFT_KEY = "hotseat.resume-draft";
const LARGEST_FILE_BYTES = 2 * 1024 * 1024;
const READABLE = /\.(txt|md|pdf|docx)$/i;
const EMAIL = /[\w.+-]+@[\w-]+(?:\.[\w-]+)+/g;
const PHONE = /(?<![\d.])\+?\d[\d\s()-]{8,16}\d(?![\d.])/g;
const DATE_RANGE = /^(?:19|20)\d\d\D/;

const WEAKNESSES = {
  no_baseline: () => t("compared with what?"),
  no_owner: () => t("whose work?"),
  scale_unknown: () => t("how big?"),
  buzzword: () => t("slogan"),
  perfect_number: () => t("too perfect"),
  duration_vs_claim: () => t("the dates argue"),
};

const FAMILIES = {
  metric: () => t("number"),
  tech: () => t("technology"),
  skill: () => t("skill"),
  role: () => t("your part"),
  team: () => t("team"),
  date: () => t("dates"),
  edu: () => t("education"),
  cert: () => t("certificate"),
};

function open(page) {
  const find = (name) => page.querySelector(`[data-${name}]`);
  const writing = find("writing");
  const text = find("text");
  const samples = JSON.parse(document.getElementById("samples")?.textContent ?? "[]");
  const terms = find("terms");
  let resume = null;
  let isPanelChosen = false;

  text.value = draft();
  text.addEventListener("input", () => {
    keepDraft(text.value);
    problem(null);
    markSample(null);
  });

  page.addEventListener("click", (event) => {
    const chip = event.target.closest("[data-sample]");
    if (!chip) return;
    const sample = samples.find((one) => String(one.id) === chip.dataset.sample);
    text.value = sample?.text ?? "";
    problem(null);
    markSample(chip);
  });

  writing.addEventListener("submit", (event) => {
    event.preventDefault();
    const words = text.value.trim();
    if (!words) return problem(t("There is nothing on the page yet. Paste a few lines, or borrow a life."));
    return read(() => sendJson(page.dataset.resumes, { text: find("redact").checked ? blackOut(words) : words }));
  });

  find("file").addEventListener("change", (event) => {
    const [file] = event.target.files;
    event.target.value = "";
    if (file) readFile(file);
  });

  writing.addEventListener("dragover", (event) => {
    event.preventDefault();
    writing.toggleAttribute("data-over", true);
  });
  writing.addEventListener("dragleave", () => writing.toggleAttribute("data-over", false));
  writing.addEventListener("drop", (event) => {
    event.preventDefault();
    writing.toggleAttribute("data-over", false);
    const [file] = event.dataTransfer.files;
    if (file) readFile(file);
  });

  find("edit").addEventListener("click", () => {
    text.value = resume?.text ?? text.value;
    show("writing");
    text.focus();
  });

  terms.addEventListener("change", (event) => {
    if (event.target.name === "scenery") isPanelChosen = true;
    if (event.target.name === "scenery") seatWatchers();
  });

  terms.addEventListener("submit", (event) => {
    event.preventDefault();
    sit();
  });

  // a page taken back from the history must not still be waiting for its last answer
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) find("sit").removeAttribute("aria-busy");
    if (event.persisted) find("sit").disabled = resume === null;
  });

  seatWatchers();

  function readFile(file) {
    if (!READABLE.test(file.name)) return problem(t("They can read txt, md, pdf and docx. Save it as one of those."));
    if (file.size > LARGEST_FILE_BYTES) return problem(t("That file is over 2 MB. Paste the text instead."));
    return read(() => sendFile(page.dataset.resumes, file));
  }

  async function read(send) {
    const button = find("read");
    problem(null);
    button.setAttribute("aria-busy", "true");
    button.disabled = true;
    faces("is-thinking");
    say(t("They are reading. Nobody is smiling."));
    try {
      resume = await send();
      showFindings(page, resume);
      show("reading");
      const attacked = resume.attacks.length;
      const isMoved = changePanel();
      faces(attacked ? "is-cold" : "is-idle", attacked ? "is-caught" : null);
      if (isMoved) say(t("No software on this page, so a panel for any trade has taken its seats."));
      else say(attacked ? t("Someone has picked up a pencil.") : t("No claim to attack. That will be their first question."));
      const spoken = terms.querySelector(`input[name=language][value="${resume.language}"]`);
      if (spoken) spoken.checked = true;
    } catch (error) {
      faces("is-idle");
      say(t("They are waiting for the page."));
      problem(sentenceFor(error));
    } finally {
      button.removeAttribute("aria-busy");
      button.disabled = false;
    }
  }

  async function sit() {
    const button = find("sit");
    find("failure").hidden = true;
    button.setAttribute("aria-busy", "true");
    button.disabled = true;
    const choice = new FormData(terms);
    try {
      const room = await sendJson(page.dataset.rooms, {
        scenery: choice.get("scenery"),
        mode: choice.get("mode"),
        language: choice.get("language"),
        resume: { id: resume.id },
      });
      location.assign(room.links.page);
    } catch (error) {
      find("failure-text").textContent = `${t("The door stayed shut.")} ${sentenceFor(error)}`;
      find("failure").hidden = false;
      button.removeAttribute("aria-busy");
      button.disabled = false;
    }
  }

  function show(which) {
    writing.hidden = which !== "writing";
    find("reading").hidden = which !== "reading";
    find("findings").hidden = which !== "reading";
    find("sit").disabled = which !== "reading";
    if (which === "reading") find("reading").focus({ preventScroll: true });
    if (which === "writing") {
      faces("is-idle");
      say(t("They are waiting for the page."));
    }
  }

  function seatWatchers() {
    const select = terms.querySelector("[name=scenery]");
    for (const list of page.querySelectorAll("[data-watchers]")) list.hidden = list.dataset.watchers !== select.value;
    const modes = select.selectedOptions[0].dataset.modes.split(" ");
    for (const radio of terms.querySelectorAll("input[name=mode]")) radio.disabled = !modes.includes(radio.value);
    const checked = terms.querySelector("input[name=mode]:checked");
    if (checked.disabled) terms.querySelector(`input[name=mode][value=${modes[0]}]`).checked = true;
  }

  /* A page without any software gets the easiest panel instead of the first, until one is chosen. */
  function changePanel() {
    const select = terms.querySelector("[name=scenery]");
    const isSoftware = resume.claims.some((claim) => claim.key.startsWith("tech."));
    if (isPanelChosen || isSoftware || select.selectedIndex !== 0) return false;
    const difficulty = (option) => Number(option.dataset.difficulty);
    const [easiest] = [...select.options].sort((one, other) => difficulty(one) - difficulty(other));
    if (easiest.selected) return false;
    select.value = easiest.value;
    seatWatchers();
    return true;
  }

  function faces(state, first = null) {
    const states = ["is-idle", "is-thinking", "is-speaking", "is-pleased", "is-cold", "is-caught"];
    for (const list of page.querySelectorAll("[data-watchers]")) {
      list.querySelectorAll(".portrait").forEach((face, seat) => {
        face.classList.remove(...states);
        face.classList.add(first && seat === 0 ? first : state);
      });
    }
  }

  function say(line) {
    find("line").textContent = line;
  }

  function problem(sentence) {
    const place = find("problem");
    place.textContent = sentence ?? "";
    place.hidden = !sentence;
    if (sentence) text.setAttribute("aria-invalid", "true");
    else text.removeAttribute("aria-invalid");
  }

  function markSample(chip) {
    for (const one of page.querySelectorAll("[data-sample]")) one.setAttribute("aria-pressed", String(one === chip));
  }
}

function showFindings(page, resume) {
  const byId = new Map(resume.claims.map((claim) => [claim.id, claim]));
  const attacks = resume.attacks.map((id) => byId.get(id)).filter(Boolean);
  const others = resume.claims.filter((claim) => !attacks.includes(claim));

  page.querySelector("[data-marked]").replaceChildren(...markedText(resume.text, resume.claims, attacks));
  page.querySelector("[data-attacks-title]").hidden = attacks.length === 0;
  page.querySelector("[data-attacks]").replaceChildren(...attacks.map(attackItem));
  page.querySelector("[data-others]").hidden = others.length === 0;
  page.querySelector("[data-others-title]").textContent = tn(
    "and {count} more claim on record",
    "and {count} more claims on record",
    others.length,
  );
  page.querySelector("[data-others-list]").replaceChildren(...others.map(otherItem));
}

/* The résumé, line by line, with its claims marked. Where claims overlap, the attacked one keeps its mark. */
function markedText(text, claims, attacks) {
  const kept = [];
  for (const claim of [...attacks, ...claims.filter((one) => !attacks.includes(one))]) {
    if (kept.every((other) => claim.end <= other.start || claim.start >= other.end)) kept.push(claim);
  }
  kept.sort((one, other) => one.start - other.start);
  const page = new Page();
  let position = 0;
  for (const claim of kept) {
    page.write(text.slice(position, claim.start));
    const mark = element("mark", attacks.includes(claim) ? "claim claim--attacked" : "claim");
    mark.id = `claim-${claim.id}`;
    if (attacks.includes(claim)) mark.append(numberOf(attacks.indexOf(claim)));
    mark.append(text.slice(claim.start, claim.end));
    page.place(mark);
    position = claim.end;
  }
  page.write(text.slice(position));
  page.lines[0].classList.add("paper__line--heading");
  return page.lines;
}

/* Lines of paper. Markdown's signs become what they stand for. */
class Page {
  constructor() {
    this.lines = [];
    this.turn();
  }

  turn() {
    this.line = element("p", "paper__line");
    this.lines.push(this.line);
  }

  write(text) {
    text.split("\n").forEach((piece, index) => {
      if (index) this.turn();
      this.line.append(this.line.hasChildNodes() ? piece : this.begin(piece));
    });
  }

  place(mark) {
    this.line.append(mark);
  }

  begin(piece) {
    const sign = /^\s*(#{1,6}|[-*•])\s+/.exec(piece);
    if (!sign) return piece;
    this.line.classList.add(sign[1].startsWith("#") ? "paper__line--heading" : "paper__line--bullet");
    return piece.slice(sign[0].length);
  }
}

function attackItem(claim, index) {
  const item = element("li");
  const quote = element("a", "attacks__quote", claim.quote);
  quote.href = `#claim-${claim.id}`;
  const why = element("span", "attacks__why");
  why.append(...weaknessesOf(claim));
  item.append(numberOf(index), quote, why);
  return item;
}

function otherItem(claim) {
  const item = element("li");
  const link = element("a", "chip");
  link.href = `#claim-${claim.id}`;
  const family = FAMILIES[claim.key.split(".")[0]];
  link.append(element("b", "", claim.quote), family ? ` ${family()}` : "");
  item.append(link);
  return item;
}

function weaknessesOf(claim) {
  return claim.weaknesses.filter((name) => name in WEAKNESSES).map((name) => element("span", "tag", WEAKNESSES[name]()));
}

function numberOf(index) {
  return element("span", "claim__number", String(index + 1));
}

function element(name, className = "", text = null) {
  const node = document.createElement(name);
  if (className) node.className = className;
  if (text !== null) node.textContent = text;
  return node;
}

/** Return the text with e-mail addresses and phone numbers painted over, length kept. */
function blackOut(text) {
  const paint = (found) => "█".repeat(found.length);
  return text.replace(EMAIL, paint).replace(PHONE, (found) => (DATE_RANGE.test(found) ? found : paint(found)));
}

function draft() {
  try {
    return localStorage.getItem(DRAFT_KEY) ?? "";
  } catch {
    return ""; // storage may be blocked; a blank page is a fair start
  }
}

function keepDraft(text) {
  try {
    localStorage.setItem(DRAFT_KEY, text);
  } catch {
    // the draft lives on this page only
  }
}

const intake = document.querySelector("[data-intake]");
if (intake) open(intake);
