// Why this engineer: one sentence, and everybody who was looked at with the reason.

import { h, icon, fill } from "./dom.js";
import { nameOf, rough, t } from "./words.js";
import { at } from "./parts.js";

export function drawLedger(parent, ticket) {
  const print = JSON.stringify(ticket.ledgers);
  if (parent.dataset.print === print) return;
  parent.dataset.print = print;
  if (!ticket.ledger) {
    fill(parent, h("p", { class: "empty" }, t("ledger.empty")));
    return;
  }
  const [newest, ...older] = ticket.ledgers;
  fill(parent, choice(newest), older.length > 0 && h("details", null,
    h("summary", null, t("ledger.older", { n: older.length })),
    older.map((ledger) => h("div", { class: "older" },
      h("p", { class: "muted" }, t("ledger.offer", { n: ledger.epoch }), " · ", at(ledger.at)), choice(ledger)))));
}

function choice(ledger) {
  const shown = ledger.lines.slice(0, 5);
  const rest = ledger.lines.slice(5);
  return h("div", null, h("p", null, sentence(ledger)), lines(shown, ledger),
    rest.length > 0 && h("details", null, h("summary", null, t("ledger.rest", { n: rest.length })),
      lines(rest, ledger)));
}

function sentence(ledger) {
  const eligible = ledger.lines.filter((line) => line.eligible);
  const counts = { eligible: eligible.length, all: ledger.lines.length };
  const chosen = ledger.lines.find((line) => line.engineer === ledger.chosen);
  if (!chosen) return t("ledger.nobody", counts);
  return t("ledger.sentence", {
    ...counts, name: nameOf(chosen.name, chosen.engineer), minutes: Math.round(chosen.minutes), km: rough(chosen.km),
    basis: basis(chosen),
  });
}

const basis = (line) => (line.basis === "depot" || line.age_minutes === null
  ? t("basis.depot") : t(`basis.${line.basis}_age`, { minutes: Math.max(1, Math.round(line.age_minutes)) }));

const lines = (rows, ledger) => h("ul", { class: "ledger-lines" }, rows.map((line) => {
  const isChosen = line.engineer === ledger.chosen;
  return h("li", { class: isChosen ? "chosen" : line.eligible ? "eligible" : "out" },
    h("span", { class: "ledger-mark" }, icon(isChosen ? "check" : line.eligible ? "dot" : "cross",
      t(isChosen ? "ledger.chosen" : line.eligible ? "ledger.eligible" : "ledger.out"))),
    h("span", { class: "ledger-name" }, nameOf(line.name, line.engineer),
      h("span", { class: "muted code" }, ` ${line.engineer}`)),
    h("span", { class: "ledger-arrival" }, line.minutes === null ? "–"
      : t("ledger.arrival", { minutes: Math.round(line.minutes), km: rough(line.km) })),
    h("span", { class: "ledger-why muted" }, line.eligible ? basis(line) : reason(line)));
}));

function reason(line) {
  const values = { ...line.reason_values };
  if (values.skill) values.skill = t(`skill.${values.skill}`) === `skill.${values.skill}` ? values.skill
    : t(`skill.${values.skill}`);
  return t(`reason.${line.reason}.long`, values);
}
