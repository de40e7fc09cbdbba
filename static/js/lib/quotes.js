/* Words of the candidate as evidence: cut to a length by the rules, whole to the reader's eye. */

const LETTER = /[\p{Script=Latin}\d]/u;

/**
 * Return `quote` for showing: where it begins or ends inside a word of `text`, that piece of a word
 * becomes an ellipsis; a quote of a single word stays as it is.
 */
export function wholeWords(quote, text) {
  const start = text.indexOf(quote);
  if (start < 0) return quote;
  const end = start + quote.length;
  const isCutAhead = LETTER.test(text[start - 1] ?? "") && LETTER.test(quote[0]);
  const isCutBehind = LETTER.test(text[end] ?? "") && LETTER.test(quote.at(-1));
  let shown = quote;
  if (isCutAhead && /\s/.test(shown)) shown = `…${shown.replace(/^\S+\s+/, "")}`;
  if (isCutBehind && /\s/.test(shown)) shown = `${shown.replace(/\s+\S+$/, "")}…`;
  return shown;
}
