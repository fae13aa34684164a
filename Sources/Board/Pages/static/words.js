// The reader's language: words from the catalogue, numbers, times and spans as the browser writes them.

const root = document.documentElement;
export const language = root.dataset.language;
export const base = root.dataset.base;
const locale = language === "zh" ? "zh-CN" : "en-GB";
const words = await (await fetch(`${base}/${language}.json`, { credentials: "same-origin" })).json();

/** The catalogue's text for `key`, `{name}` filled from `values`. */
export function t(key, values = {}) {
  return (words[key] ?? key).replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

export const has = (key) => key in words;

/** A name in both languages, in the reader's. */
export const nameOf = (name, fallback = "") => name?.[language] || name?.zh || fallback;

/** Shorthand for the unit and the name of a measure. */
export const unitOf = (measure) => (has(`unit.${measure}`) ? t(`unit.${measure}`) : "");
export const measureOf = (measure) => (has(`measure.${measure}`) ? t(`measure.${measure}`) : measure ?? "");

const decimals = new Intl.NumberFormat(locale, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const oneDecimal = new Intl.NumberFormat(locale, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const counting = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 });
export const count = (value) => counting.format(value);
export const number = (value) => decimals.format(value);
export const rough = (value) => oneDecimal.format(value);
export const withUnit = (value, measure) => `${number(value)} ${unitOf(measure)}`.trim();

const clock = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const clockSeconds = new Intl.DateTimeFormat(locale,
  { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const day = new Intl.DateTimeFormat(locale, { month: "short", day: "numeric" });
const whole = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "medium" });

export const timeOfDay = (at) => clock.format(at);
export const timeWithSeconds = (at) => clockSeconds.format(at);
export const fullTime = (at) => whole.format(at);

/** The time of day, with the date unless it is today. */
export function moment(at, now) {
  const sameDay = new Date(at).toDateString() === new Date(now).toDateString();
  return sameDay ? clock.format(at) : `${day.format(at)} ${clock.format(at)}`;
}

/** `3 min`, `2 h 13 min`, `4 d`. */
export function span(milliseconds) {
  const minutes = Math.max(0, Math.floor(milliseconds / 60000));
  if (minutes < 1) return t("span.now");
  if (minutes < 60) return t("span.minutes", { n: minutes });
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return minutes % 60 ? t("span.hours_minutes", { h: hours, m: minutes % 60 })
    : t("span.hours", { n: hours });
  return t("span.days", { n: Math.floor(hours / 24) });
}

/** `4:05` until something lapses. */
export function countdown(milliseconds) {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
