// Pieces that several pages show: badges, names, times that go on.

import { h, icon } from "./dom.js";
import { serverNow } from "./api.js";
import { amount, countdown, fullTime, isOfPoint, measureOf, moment, nameOf, span, t, unitOf } from "./words.js";

/** A word in one of the five colours, with its shape. */
export const stateBadge = (ticket) =>
  h("span", { class: `badge state-${ticket.column}` }, icon(stateIcon(ticket)), stateWord(ticket));

export const stateIcon = (ticket) =>
  ["cancelled", "verifying", "en_route"].includes(ticket.state) ? ticket.state
    : ticket.outcome === "verified" ? "verified" : ticket.column;

export const stateWord = (ticket) =>
  ticket.state === "closed" && ticket.outcome ? t(`outcome.${ticket.outcome}`) : t(`state.${ticket.state}`);

export const gradeBadge = (grade) =>
  h("span", { class: `grade grade-${grade}`, title: t("grade.title", { grade }) }, grade);

export const severityIcon = (severity) =>
  h("span", { class: `severity severity-${severity}` }, icon(severity, t(`severity.${severity}`)));

/** Somebody's first character in a circle, and the name. */
export function person(name, id) {
  const text = nameOf(name, id);
  return h("span", { class: "person" }, h("span", { class: "avatar", "aria-hidden": "true" }, [...text][0] ?? "?"),
    text);
}

/** A moment, the whole of it on hover. */
export const at = (milliseconds) =>
  h("time", { datetime: new Date(milliseconds).toISOString(), title: fullTime(milliseconds) },
    moment(milliseconds, serverNow()));

/** How long since; goes on by itself. */
export const since = (milliseconds) =>
  h("time", { datetime: new Date(milliseconds).toISOString(), title: fullTime(milliseconds),
    "data-since": milliseconds },
    span(serverNow() - milliseconds));

/** How long until; goes on by itself. */
export const until = (milliseconds) =>
  h("time", { class: "countdown", "data-until": milliseconds }, countdown(milliseconds - serverNow()));

setInterval(() => {
  for (const node of document.querySelectorAll("[data-until]")) {
    node.textContent = countdown(node.dataset.until - serverNow());
  }
}, 1000);
setInterval(() => {
  for (const node of document.querySelectorAll("[data-since]")) {
    node.textContent = span(serverNow() - node.dataset.since);
  }
}, 10000);

/** A value against its limit, as a bar with a mark where the limit is; words where there is nothing to compare. */
export function gauge({ value, limit, measure, rule_kind: rule }) {
  if (isOfPoint(rule)) {
    return h("span", { class: "gauge gauge-text" }, h("strong", null, icon(rule), " ",
      t(`card.${rule}`, { minutes: amount(value, rule), measure: measureOf(measure) })));
  }
  const full = Math.max(value, limit) * 1.25 || 1;
  return h("span", { class: "gauge" },
    h("span", { class: "gauge-track", "aria-hidden": "true",
      style: { "--value": value / full, "--limit": limit / full } }),
    h("span", { class: "gauge-text" }, h("strong", null, amount(value, rule)), ` ${unitOf(measure, rule)}`,
      h("span", { class: "muted" }, " ", t("card.limit", { limit: amount(limit, rule) }))));
}

/** What to see when there is nothing, or nothing works. */
export const notice = (name, title, text, ...more) =>
  h("div", { class: "notice" }, icon(name), h("h2", null, title), h("p", null, text), more);
