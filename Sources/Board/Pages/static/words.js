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

/** Such rules judge the measuring, not the machine: their breach is a sentence, not a value over a limit. */
export const isOfPoint = (rule) => rule === "silence" || rule === "sensor";

/** Shorthand for the unit and the name of a measure, as a kind of rule judges it; without one, as it is measured. */
export function unitOf(measure, rule) {
  if (rule === "silence") return t("unit.of_silence");
  if (rule === "sensor") return "";
  const unit = has(`unit.${measure}`) ? t(`unit.${measure}`) : "";
  if (rule !== "rate") return unit;
  return unit ? t("unit.an_hour", { unit }) : t("unit.an_hour_plain");
}

export function measureOf(measure, rule) {
  const name = has(`measure.${measure}`) ? t(`measure.${measure}`) : measure ?? "";
  return rule === "rate" ? t("measure.rate_of", { measure: name }) : name;
}

const decimals = new Intl.NumberFormat(locale, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const oneDecimal = new Intl.NumberFormat(locale, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const counting = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 });
export const count = (value) => counting.format(value);
export const number = (value) => decimals.format(value);
export const rough = (value) => oneDecimal.format(value);
/** A value as its rule counts it: minutes of silence are whole. */
export const amount = (value, rule) => (rule === "silence" ? count(value) : number(value));
export const withUnit = (value, measure, rule) => `${amount(value, rule)} ${unitOf(measure, rule)}`.trim();

const clock = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const clockSeconds = new Intl.DateTimeFormat(locale,
  { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const day = new Intl.DateTimeFormat(locale, { month: "short", day: "numeric" });
const dayOfYear = new Intl.DateTimeFormat(locale, { year: "numeric", month: "short", day: "numeric" });
const whole = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "medium" });

export const timeOfDay = (at) => clock.format(at);
export const timeWithSeconds = (at) => clockSeconds.format(at);
export const fullTime = (at) => whole.format(at);

/** The time of day, with the date unless it is today. */
export function moment(at, now) {
  const sameDay = new Date(at).toDateString() === new Date(now).toDateString();
  return sameDay ? clock.format(at) : `${day.format(at)} ${clock.format(at)}`;
}

/** The day, with its year unless it is this one; what lies further ahead is known no better. */
export const dayOf = (at, now) =>
  (new Date(at).getFullYear() === new Date(now).getFullYear() ? day : dayOfYear).format(at);

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
