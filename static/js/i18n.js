/* Texts of the interface in the reader's language.
   The catalogue comes from /jsi18n/ as window.gettext; without it the English key is shown. */

/** Return `key` in the reader's language, with `{name}` slots filled from `values`. */
export function t(key, values = {}) {
  const text = typeof window.gettext === "function" ? window.gettext(key) : key;
  return fill(text, values);
}

/** Return the form of a text for `count`; `{count}` is filled as well. */
export function tn(one, many, count, values = {}) {
  const text = typeof window.ngettext === "function"
    ? window.ngettext(one, many, count)
    : count === 1 ? one : many;
  return fill(text, { count, ...values });
}

/** Return true when the page is read in Chinese. */
export function isChinese() {
  return document.documentElement.lang.toLowerCase().startsWith("zh");
}

function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (slot, name) => (name in values ? String(values[name]) : slot));
}
