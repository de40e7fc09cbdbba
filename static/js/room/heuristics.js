/**
 * What the rule chips under the composer light up on, while the candidate types. It mirrors the
 * spirit of the server's rules, not their weight: nothing here is ever scored.
 */

const HAN = /\p{Script=Han}/gu;
const WORD = /[A-Za-z][A-Za-z'’-]*|\d[\d.,]*/g;
const NUMBER = /\d|[一二三四五六七八九十两百千万亿]+\s*(?:个|倍|成|天|周|月|年|小时|分钟|秒|人|次|台|家|名|位|万|千|百)|百分之/;
const ME = /我(?!们)|\b(?:I|I['’](?:m|ve|d|ll)|my|myself)\b/g;
const US = /我们|咱们|大家|团队|\b(?:we|we['’](?:re|ve|d|ll)|our|us|the team)\b/gi;
const PRICE =
  /代价|取舍|权衡|牺牲|而不是|没有选|放弃|宁可|副作用|缺点|换来|trade-?offs?|instead of|rather than|at the cost|gave up|give up|downside|sacrific|the price|we lost|I lost/i;

const BANDS = {
  zh: { short: 30, fair: 120, long: 450, rambling: 700 },
  en: { short: 15, fair: 60, long: 220, rambling: 350 },
};

/** Return "zh" or "en": the script most of the text is written in, or `fallback` when empty. */
export function languageOf(text, fallback = "en") {
  const han = (text.match(HAN) || []).length;
  const words = (text.match(WORD) || []).length;
  if (han + words === 0) return fallback;
  return han >= words ? "zh" : "en";
}

/** Return the length of an answer as the rules count it: characters in Chinese, words in English. */
export function sizeOf(text, language) {
  const han = (text.match(HAN) || []).length;
  const words = (text.match(WORD) || []).length;
  return language === "zh" ? han + words : words + Math.round(han / 2);
}

/**
 * Return the state of each chip: `off`, `lit` (there) or `warn` (there, and a problem), with the
 * length band `empty | short | thin | good | long | rambling` and its place on a 0..1 scale.
 */
export function readDraft(text, fallbackLanguage) {
  const language = languageOf(text, fallbackLanguage);
  const size = sizeOf(text, language);
  const me = (text.match(ME) || []).length;
  const us = (text.match(US) || []).length;
  return {
    language,
    size,
    numbers: NUMBER.test(text) ? "lit" : "off",
    ownership: me > 0 && me >= us * 0.25 ? "lit" : us > 0 ? "warn" : "off",
    tradeoff: PRICE.test(text) ? "lit" : "off",
    band: bandOf(size, BANDS[language]),
    scale: scaleOf(size, BANDS[language]),
  };
}

function bandOf(size, limits) {
  if (size === 0) return "empty";
  if (size < limits.short) return "short";
  if (size < limits.fair) return "thin";
  if (size <= limits.long) return "good";
  return size <= limits.rambling ? "long" : "rambling";
}

/** Place the size on a scale whose quarters are the bands, so that the good part is the middle. */
function scaleOf(size, limits) {
  const stops = [0, limits.short, limits.fair, limits.long, limits.rambling];
  const marks = [0, 0.14, 0.34, 0.76, 1];
  for (let index = 1; index < stops.length; index += 1) {
    if (size <= stops[index]) {
      const part = (size - stops[index - 1]) / (stops[index] - stops[index - 1]);
      return marks[index - 1] + part * (marks[index] - marks[index - 1]);
    }
  }
  return 1;
}
