// Keeps the portrait beside the selects in step with them: the server draws, this only asks.

"use strict";

window.addEventListener("DOMContentLoaded", () => {
  const preview = document.querySelector("[data-portrait-preview]");
  const selects = [...document.querySelectorAll("select[name^='portrait_']")];
  if (!preview || !selects.length) return;

  let asked = 0;

  async function draw() {
    const mine = ++asked;
    const parts = new URLSearchParams(
      selects.map((select) => [select.name.replace("portrait_", ""), select.value]),
    );
    const answer = await fetch(`${preview.dataset.portraitPreview}?${parts}`);
    // A slower, older answer must not replace a newer face.
    if (answer.ok && mine === asked) preview.innerHTML = await answer.text();
  }

  for (const select of selects) select.addEventListener("change", draw);
  // Browsers put back what was chosen before a reload; the server drew what is saved.
  if (selects.some((select) => !select.selectedOptions[0]?.defaultSelected)) draw();
});
