/**
 * The dialogs of the room: keys, settings, the card of a persona, and the ledger behind a number.
 */

import { sendJson, sentenceFor } from "../lib/api.js";
import { t } from "../i18n.js";
import { byId, h } from "./dom.js";
import { signed } from "./words.js";

/** Open a dialog unless it is open; closing gives focus back by itself. */
export function openDialog(id) {
  const dialog = byId(id);
  if (!dialog.open) dialog.showModal();
  return dialog;
}

/** Make every dialog close by its button and by a click on the backdrop. */
export function wireDialogs() {
  for (const dialog of document.querySelectorAll("dialog")) {
    dialog.addEventListener("click", (event) => {
      if (event.target === dialog || event.target.closest("[data-close]")) dialog.close();
    });
  }
  for (const button of document.querySelectorAll("[data-dialog]")) {
    button.addEventListener("click", () => {
      button.closest("dialog")?.close();
      openDialog(button.dataset.dialog);
    });
  }
}

/**
 * Show where a number came from: every change of it, each leading to the answer that caused it.
 * `note` is what somebody listens for, `asked` are their turns, when the number is theirs.
 */
export function openLedger({ title, subtitle = "", lead, note = "", rows, asked = [], words, onPick }) {
  byId("ledger-title").textContent = title;
  byId("ledger-subtitle").textContent = subtitle;
  byId("ledger-lead").textContent = lead || "";
  byId("ledger-lead").hidden = !lead;
  byId("ledger-note").textContent = note;
  byId("ledger-note").hidden = !note;
  const list = byId("ledger-rows");
  list.textContent = "";
  for (const row of [...rows].reverse()) list.append(ledgerRow(row, words, onPick));
  byId("ledger-empty").hidden = rows.length > 0 || asked.length > 0 || Boolean(note);
  const questions = byId("ledger-asked");
  questions.textContent = "";
  questions.append(...asked.map((turn) => askedRow(turn, onPick)));
  openDialog("ledger");
}

function askedRow(turn, onPick) {
  const pick = () => {
    byId("ledger").close();
    onPick(turn.key);
  };
  return h(
    "li",
    {},
    h(
      "button",
      { type: "button", class: "ledger__row ledger__row--asked", onclick: pick },
      h("span", { class: "ledger__round muted" }, t("Round {round}", { round: turn.round })),
      h("span", { class: "ledger__reason" }, turn.text),
    ),
  );
}

function ledgerRow(row, words, onPick) {
  const delta = row.to - row.from;
  const cells = [
    h("span", { class: "ledger__round muted" }, t("Round {round}", { round: row.round })),
    h("span", { class: `ledger__delta number ${delta < 0 ? "is-loss" : "is-gain"}` }, signed(delta)),
    h(
      "span",
      { class: "ledger__reason" },
      [row.persona ? words.name(row.persona) : "", words.rule(row.reason)].filter(Boolean).join(" · "),
    ),
    h("span", { class: "ledger__to number muted" }, `${row.from} → ${row.to}`),
  ];
  if (!row.answer) return h("li", { class: "ledger__row" }, ...cells);
  const pick = () => {
    byId("ledger").close();
    onPick(row.answer);
  };
  return h("li", {}, h("button", { type: "button", class: "ledger__row", onclick: pick }, ...cells));
}

/** Keep the settings form and the room's settings the same; failures are said in the form. */
export class Settings {
  constructor({ url }) {
    this.url = url;
    this.form = byId("settings");
    this.problem = byId("settings-problem");
    this.form.addEventListener("change", (event) => this.#change(event.target));
  }

  /** Show the room's settings, unless a change is on its way. */
  render(state) {
    if (this.isBusy) return;
    const values = { ...state.settings, language: state.language };
    for (const [name, value] of Object.entries(values)) {
      const field = this.form.querySelector(`[name="${name}"][value="${value}"]`);
      if (field) field.checked = true;
    }
    this.form.inert = Boolean(state.result);
  }

  async #change(field) {
    const value = field.name === "difficulty" ? Number(field.value) : field.value;
    this.isBusy = true;
    this.problem.hidden = true;
    try {
      await sendJson(this.url, { [field.name]: value }, { method: "PATCH" });
    } catch (error) {
      this.problem.textContent = sentenceFor(error);
      this.problem.hidden = false;
    } finally {
      this.isBusy = false;
    }
  }
}
