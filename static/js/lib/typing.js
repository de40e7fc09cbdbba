/* Text that arrives at a persona's pace. The whole line is laid out from the start,
   with its unsaid part transparent, so that nothing on the page moves while it is typed. */

const PAUSES = { "。": 9, "！": 9, "？": 9, ".": 9, "!": 9, "?": 9, "，": 4, ",": 4, "：": 4, "；": 4, ";": 4, "—": 4 };

/** Return true when the reader asked the system for less motion. */
export function prefersStillness() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}

/** Type `text` into two spans (said, unsaid) and return a promise of the end. Abort to finish at once. */
export async function typeLine(said, unsaid, text, { charactersPerSecond = 30, signal } = {}) {
  const characters = [...text];
  const show = (count) => {
    said.textContent = characters.slice(0, count).join("");
    unsaid.textContent = characters.slice(count).join("");
  };
  if (prefersStillness()) return show(characters.length);
  for (let count = 0; count < characters.length; count += 1) {
    if (signal?.aborted) break;
    show(count);
    const pause = 1 + (PAUSES[characters[count - 1]] ?? 0);
    await new Promise((resume) => setTimeout(resume, (1000 * pause) / charactersPerSecond));
  }
  return show(characters.length);
}
