// A ticket's page: where it stands, why it opened, why this engineer, what happened, and the proof.

import { h, icon, fill, reconcile } from "./dom.js";
import { get, serverNow } from "./api.js";
import { keepLive } from "./live.js";
import { amount, has, isOfPoint, measureOf, nameOf, span, t, withUnit } from "./words.js";
import { at, gradeBadge, notice, person, severityIcon, since, stateBadge, until } from "./parts.js";
import { entryOf } from "./timeline.js";
import { drawLedger } from "./ledger.js";
import { drawTrend } from "./trend.js";
import { drawDeeds } from "./deeds.js";
import { photoOf } from "./photos.js";
import { drawDiagnosis } from "./diagnosis.js";
import { drawSpectra } from "./spectrum.js";
import { drawForecast } from "./forecast.js";
import { drawRelearn } from "./relearn.js";
import { drawRepair } from "./repair.js";
import { plannedBanner } from "./planned.js";

const main = document.getElementById("main");
const id = document.documentElement.dataset.ticket;
const steps = ["opened", "offered", "accepted", "diagnosing", "verifying", "closed"];
let parts = null;

function panel(name, heading, ...content) {
  return h("section", { class: `panel panel-${name}`, "aria-labelledby": `panel-${name}` },
    h("h2", { id: `panel-${name}` }, t(heading)), content);
}

function frame() {
  const names = ["head", "stepper", "now", "deeds", "why", "ledger", "trend", "notices", "diagnosis", "spectra",
    "forecast", "repair", "relearn"];
  parts = Object.fromEntries(names.map((name) => [name, h("div", { class: name })]));
  parts.timeline = h("ol", { class: "timeline" });
  parts.photos = h("div", { class: "photo-grid" });
  parts.photosEmpty = h("p", { class: "empty" }, t("ticket.photos.empty"));
  parts.noticesPanel = panel("notices", "ticket.notices", parts.notices);
  // Older tickets have none of these.
  parts.diagnosisPanel = panel("diagnosis", "ticket.diagnosis", parts.diagnosis);
  parts.spectraPanel = panel("spectra", "ticket.spectrum", parts.spectra);
  parts.repairPanel = panel("repair", "ticket.repair", parts.repair);
  parts.spectraPanel.hidden = true;
  fill(main, parts.head, parts.stepper,
    h("div", { class: "ticket-grid" },
      h("div", { class: "ticket-main" },
        parts.repairPanel, parts.diagnosisPanel,
        panel("trend", "ticket.trend", parts.trend, parts.forecast),
        parts.spectraPanel,
        panel("timeline", "ticket.timeline", parts.timeline),
        panel("photos", "ticket.photos", parts.photos, parts.photosEmpty)),
      h("aside", { class: "ticket-side" },
        panel("now", "ticket.now", parts.now, parts.deeds),
        panel("why", "ticket.why", parts.why, parts.relearn),
        panel("ledger", "ticket.ledger", parts.ledger),
        parts.noticesPanel)));
}

function draw(ticket) {
  if (!parts) frame();
  document.title = `T${ticket.ticket} ${nameOf(ticket.asset_name)} · Fieldloop`;
  drawHead(ticket);
  drawStepper(ticket);
  drawNow(ticket);
  drawDeeds(parts.deeds, ticket, draw);
  drawFacts(ticket);
  drawRelearn(parts.relearn, ticket);
  drawDiagnosis(parts.diagnosis, ticket);
  parts.diagnosisPanel.hidden = !ticket.diagnosis;
  drawForecast(parts.forecast, ticket);
  drawRepair(parts.repair, ticket);
  parts.repairPanel.hidden = !ticket.repair?.length;
  drawLedger(parts.ledger, ticket);
  const entries = ticket.entries.map((entry, index) => ({ ...entry, index })).reverse();
  reconcile(parts.timeline, entries, (entry) => entry.index, (entry) => entryOf(entry, ticket));
  reconcile(parts.photos, ticket.photos, (photo) => photo.id, photoOf);
  parts.photosEmpty.hidden = ticket.photos.length > 0;
  drawNotices(ticket);
}

function drawHead(ticket) {
  fill(parts.head,
    h("p", { class: "crumb" }, h("a", { href: "/" }, icon("back"), t("nav.board")),
      h("span", { class: "code" }, `T${ticket.ticket}`)),
    h("h1", null, nameOf(ticket.asset_name, ticket.asset)),
    h("p", { class: "head-line" },
      stateBadge(ticket),
      h("span", { class: `badge severity-${ticket.severity}` }, icon(ticket.severity),
        t(`severity.${ticket.severity}`)),
      has(`kind.${ticket.kind}`) && ticket.kind !== "vibration" && h("span", { class: "badge" },
        isOfPoint(ticket.kind) && icon(ticket.kind), t(`kind.${ticket.kind}`)),
      ticket.overdue && h("span", { class: "badge overdue" }, icon("clock"), t("card.overdue")),
      h("span", { class: "head-fact" }, gradeBadge(ticket.grade), nameOf(ticket.customer_name)),
      h("span", { class: "head-fact" }, icon("pin"), nameOf(ticket.site_name)),
      h("span", { class: "head-fact" }, icon("machine"), h("span", { class: "code" }, ticket.asset))),
    ticket.why && h("p", { class: `because ${ticket.column === "closed" ? "over" : ""}` },
      icon(isOfPoint(ticket.rule_kind) ? ticket.rule_kind : "pulse"), h("span", null, nameOf(ticket.why))),
    plannedBanner(ticket.planned_work));
}

function drawStepper(ticket) {
  const position = { pending: 0, offered: 1, accepted: 2, en_route: 2, diagnosing: 3, awaiting_parts: 3, verifying: 4,
    closed: 5, cancelled: 5 };
  const current = position[ticket.state];
  fill(parts.stepper, h("ol", { class: `steps state-${ticket.column}`, "aria-label": t("ticket.steps") },
    steps.map((step, index) => {
      // The step where it stands says which of its states it is.
      const word = index === current && !["pending", "closed"].includes(ticket.state) ? `state.${ticket.state}`
        : `step.${step}`;
      const mark = index < current || ticket.column === "closed" ? icon("check") : index + 1;
      return h("li", { class: index < current ? "past" : index === current ? "current" : "ahead",
        "aria-current": index === current ? "step" : null },
        h("span", { class: "step-mark" }, mark), h("span", { class: "step-word" }, t(word)));
    })));
}

function drawNow(ticket) {
  const rows = [];
  if (ticket.engineer) {
    rows.push([t("ticket.engineer"), person(ticket.engineer_name, ticket.engineer)]);
  } else if (ticket.column !== "closed") {
    rows.push([t("ticket.engineer"), h("span", { class: ticket.lacks_engineer ? "late" : "muted" },
      t(ticket.lacks_engineer ? "card.lacking" : "ticket.nobody"))]);
  }
  if (ticket.offer_until) rows.push([t("ticket.answer_in"), until(ticket.offer_until)]);
  if (ticket.column === "closed") {
    rows.push([t("ticket.closed_at"), at(ticket.closed_at ?? ticket.state_since)]);
    rows.push([t("ticket.took"), span((ticket.closed_at ?? ticket.state_since) - ticket.opened_at)]);
  } else {
    rows.push([t("ticket.in_state"), since(ticket.state_since)]);
    rows.push([t("ticket.opened_at"), at(ticket.opened_at)]);
  }
  fill(parts.now, table(rows), ticket.proof && proof(ticket.proof));
}

function proof({ points, needed_ms: needed, needed_readings: count, deadline }) {
  return h("div", { class: "proof" },
    h("h3", null, icon("verifying"), t("proof.title")),
    points.map((point) => {
      const done = Math.min(1, point.time_ms / needed, point.readings / count);
      return h("div", { class: "proof-point" },
        h("span", null, h("span", { class: "code" }, point.point), " ", measureOf(point.measure)),
        h("progress", { max: 1, value: done, "aria-label": t("proof.of", { point: point.point }) }),
        h("span", { class: "muted" }, t("proof.progress", {
          minutes: Math.floor(point.time_ms / 60000), needed: Math.round(needed / 60000), readings: point.readings,
          count,
        })));
    }),
    deadline && h("p", { class: "muted" }, t("proof.deadline", { span: span(deadline - serverNow()) })));
}

function drawFacts(ticket) {
  const newest = new Map();
  for (const episode of ticket.episodes) {
    const key = `${episode.point} ${episode.measure} ${episode.kind}`;
    if (!newest.has(key)) newest.set(key, episode);
  }
  fill(parts.why, !ticket.why && h("p", null, whySentence(ticket)),
    h("p", { class: "muted" }, t("why.source", { source: ticket.limit_source })),
    [...newest.values()].map(livePoint));
}

/** Where the service has sent no sentence of its own. */
function whySentence({ place, point, measure, value, limit, rule_kind: rule }) {
  return t(isOfPoint(rule) ? `why.sentence.${rule}` : "why.sentence", {
    place: nameOf(place, point), measure: measureOf(measure, rule), minutes: amount(value, rule),
    value: withUnit(value, measure, rule), limit: amount(limit, rule),
  });
}

function livePoint(episode) {
  const isOver = episode.cleared_at === null;
  const { kind } = episode;
  return h("div", { class: `live-point ${isOver ? "on" : "off"}` },
    h("p", null, severityIcon(episode.severity), " ", h("strong", null, nameOf(episode.place, episode.point)), " ",
      h("span", { class: "muted code" }, episode.point)),
    isOfPoint(kind) && h("p", null, icon(kind), " ", t(`kind.${kind}`), t("list.dot"), measureOf(episode.measure)),
    table([
      ...values(episode),
      [t("why.state"), isOver
        ? h("span", { class: "late" }, icon("up"), isOfPoint(kind) ? t(`why.on.${kind}`) : t("why.on"))
        : h("span", { class: "good" }, icon("down"), t("why.off"), " ", at(episode.cleared_at))],
    ]));
}

/** What an episode measured; a sensor that can't be believed has measured nothing. */
function values(episode) {
  const { kind, measure, raise, clear, critical, mean } = episode;
  if (kind === "sensor") return [[t("why.raised_at"), at(episode.raised_at)]];
  if (kind === "silence") {
    return [[t("why.silent"), [h("strong", null, withUnit(episode.peak, measure, kind)), " ", at(episode.raised_at)]],
      [t("why.allowed"), withUnit(raise, measure, kind)]];
  }
  return [
    kind === "rate" && [t("why.what"), measureOf(measure, kind)],
    [t("why.last"), episode.last_value === null ? "–"
      : [h("strong", null, withUnit(episode.last_value, measure, kind)), " ", at(episode.last_at)]],
    [t("why.limits"), t("why.limits_text", { raise: amount(raise, kind), clear: amount(clear, kind) })
      + (critical === null ? "" : t("why.critical_text", { critical: amount(critical, kind) }))],
    [t("why.peak"), [withUnit(episode.peak, measure, kind), " ", at(episode.peak_at)]],
    typeof mean === "number" && [t("why.mean"), withUnit(mean, measure, kind)],
  ].filter(Boolean);
}

function drawNotices(ticket) {
  parts.noticesPanel.hidden = !ticket.notices?.length;
  fill(parts.notices, h("ul", { class: "notice-list" }, (ticket.notices ?? []).map((row) => {
    const state = row.sent_at ? "sent" : row.dead_at ? "dead" : row.attempts ? "retrying" : "waiting";
    return h("li", { class: `notice-${state}` },
      h("span", null, t(`notice.${row.kind}`),
        h("span", { class: "muted" }, " · ", t(`channel.${row.channel}`), row.engineer && ` · ${row.engineer}`)),
      h("span", { class: state === "sent" ? "good" : state === "waiting" ? "muted" : "late", title: row.error },
        t(`delivery.${state}`), " ", at(row.sent_at ?? row.due_at)));
  })));
}

const table = (rows) => h("dl", { class: "facts" },
  rows.map(([name, value]) => h("div", null, h("dt", null, name), h("dd", null, value))));

let charted = "";
const refresh = keepLive(async () => {
  let ticket;
  try {
    ticket = await get(`/api/tickets/${id}`);
  } catch (problem) {
    if (problem.code !== "unknown_ticket") throw problem;
    fill(main, notice("inbox", t("ticket.unknown"), problem.sentence,
      h("a", { class: "button", href: "/" }, t("nav.back"))));
    return;
  }
  draw(ticket);
  await Promise.all([drawTrendIfDue(ticket), spectra(ticket)]);
});
// Plain readings change no ticket and send no event; the trend goes on all the same.
setInterval(() => document.hidden || refresh(), 20000);

async function spectra(ticket) {
  parts.spectraPanel.hidden = !await drawSpectra(parts.spectra, ticket);
}

async function drawTrendIfDue(ticket) {
  // The trend is the heavy part: again only when the ticket has moved, or some time has passed while it is open.
  const tick = ticket.column === "closed" ? 0 : Math.floor(performance.now() / 20000);
  const print = `${ticket.state} ${ticket.entries.length} ${tick}`;
  if (print === charted) return;
  charted = print;
  await drawTrend(parts.trend, ticket);
}
