// Rows of an inline table moved by arrows. The number in the row is what is saved; without this
// script it can be typed.

const rowsOf = (group) =>
  [...group.querySelectorAll("tr.form-row:not(.empty-form)")].filter((row) => !row.hidden);

const number = (group) => {
  const rows = rowsOf(group);
  rows.forEach((row, place) => {
    row.querySelector(".order-input").value = place;
    const [up, down] = row.querySelectorAll(".order-moves button");
    if (!up) return;
    up.disabled = place === 0;
    down.disabled = place === rows.length - 1;
  });
};

const move = (group, row, step) => {
  const rows = rowsOf(group);
  const other = rows[rows.indexOf(row) + step];
  if (!other) return;
  if (step < 0) other.before(row);
  else other.after(row);
  number(group);
};

const equip = (group, row) => {
  const input = row.querySelector(".order-input");
  if (!input || row.querySelector(".order-moves")) return;
  const moves = document.createElement("span");
  moves.className = "order-moves";
  for (const [sign, step, words] of [["↑", -1, input.dataset.up], ["↓", 1, input.dataset.down]]) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = sign;
    button.title = words;
    button.setAttribute("aria-label", words);
    button.addEventListener("click", () => {
      move(group, row, step);
      (button.disabled ? moves.querySelector("button:not(:disabled)") : button)?.focus();
    });
    moves.append(button);
  }
  input.hidden = true;
  input.after(moves);
};

const begin = () => {
  for (const group of document.querySelectorAll(".inline-group")) {
    if (!group.querySelector(".ordered-rows .order-input")) continue;
    const all = () => {
      rowsOf(group).forEach((row) => equip(group, row));
      number(group);
    };
    all();
    group.addEventListener("formset:added", () => setTimeout(all));
    group.addEventListener("formset:removed", () => setTimeout(all));
  }
};

if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin);
else begin();
