// One line of the timeline: what happened, worded from its kind and its values.

import { h, icon } from "./dom.js";
import { amount, has, isOfPoint, measureOf, nameOf, rough, t, unitOf } from "./words.js";
import { at } from "./parts.js";
import { findingOf } from "./sureness.js";

const icons = {
  opened: "pulse", breach: "pulse", worsened: "critical", cleared: "down", reopened: "again", relapsed: "again",
  offered: "bell", accepted: "accepted", declined: "cross", expired: "clock", nobody_eligible: "noperson",
  en_route: "en_route", arrived: "pin", awaiting_parts: "awaiting_parts", parts_arrived: "awaiting_parts",
    done: "wrench",
  done_refused: "cross", proof_reset: "again", closed: "closed", cancelled: "cancelled", comment: "comment",
    photo: "camera",
  stale: "clock", escalated: "up", diagnosed: "diagnosing", muted: "mute", unmuted: "bell",
};
const bad = new Set(["opened", "breach", "worsened", "reopened", "relapsed", "nobody_eligible", "done_refused",
  "stale", "escalated", "proof_reset", "muted"]);
const good = new Set(["cleared", "closed", "accepted", "unmuted"]);

export function entryOf(entry, ticket) {
  const mood = bad.has(entry.kind) ? "is-bad" : good.has(entry.kind) ? "is-good" : "";
  const quote = entry.detail.note || entry.detail.text || (entry.kind === "done_refused" ? "" : entry.detail.reason);
  return h("li", { class: `entry ${mood} entry-${entry.kind}` },
    h("span", { class: "entry-icon" }, icon(icons[entry.kind] ?? "dot")),
    h("div", { class: "entry-body" },
      h("p", null, sentence(entry, ticket)),
      quote && h("blockquote", null, quote)),
    at(entry.at));
}

function sentence(entry, ticket) {
  const values = { ...entry.detail, actor: actorOf(entry.actor, ticket) };
  const { rule } = entry.detail;
  for (const name of ["value", "limit", "clear"]) if (values[name]) values[name] = amount(values[name], rule);
  if (values.minutes) values.minutes = Math.round(values.minutes);
  if (values.km) values.km = rough(values.km);
  if (values.measure) {
    Object.assign(values, { unit: unitOf(values.measure, rule), measure: measureOf(values.measure, rule) });
  }
  if (values.engineer) values.engineer = engineerOf(values.engineer, ticket);
  if (values.severity) values.severity = t(`severity.${values.severity}`);
  if (values.state) values.state = t(`state.${values.state}`);
  if (values.basis) values.basis = t(`basis.${values.basis}`);
  if (entry.kind === "closed") return t(`entry.closed.${entry.detail.outcome}`, values);
  if (entry.kind === "nobody_eligible") {
    const reasons = Object.entries(entry.detail).map(([code, count]) => `${t(`reason.${code}`)} ${count}`);
    return t("entry.nobody_eligible", { reasons: reasons.join(t("list.comma")) });
  }
  if (entry.kind === "diagnosed") return diagnosed(entry.detail);
  if (isOfPoint(rule)) {
    const cause = has(`sensor.${values.cause}`) ? t(`sensor.${values.cause}`) : t("sensor.other");
    const special = [`entry.${entry.kind}.${rule}`, `entry.${entry.kind}.fault`].find(has);
    if (special) return t(special, { ...values, fault: t(`fault.${rule}`, { ...values, cause }) });
  }
  // Tickets from before the values were kept have the sentence only.
  if (entry.kind === "done_refused" && !values.value) return t("entry.done_refused_plain", values);
  return has(`entry.${entry.kind}`) ? t(`entry.${entry.kind}`, values) : entry.kind;
}

function diagnosed({ verdict, cause, confidence, point }) {
  if (["clean", "unknown"].includes(verdict)) return t(`entry.diagnosed.${verdict}`, { point });
  return t("entry.diagnosed", { point, finding: findingOf(cause, Number(confidence)) });
}

/** Whoever it was, by name where the ticket knows it. */
function actorOf(actor, ticket) {
  if (actor.startsWith("engineer:")) return engineerOf(actor.slice(9), ticket);
  return t(`actor.${actor}`);
}

function engineerOf(id, ticket) {
  if (id === ticket.engineer) return nameOf(ticket.engineer_name, id);
  const assigned = ticket.assignments.find((assignment) => assignment.engineer === id);
  return nameOf(assigned?.engineer_name, id);
}
