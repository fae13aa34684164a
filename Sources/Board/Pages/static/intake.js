// Telemetry on its way in: what waits, whose numbers have holes, what was not taken.

import { h, icon, fill, reconcile } from "./dom.js";
import { get, post } from "./api.js";
import { keepLive } from "./live.js";
import { count, fullTime, has, rough, span, t } from "./words.js";
import { at, since } from "./parts.js";
import { reasonOf } from "./reasons.js";

/** Plain telemetry tells no page of itself: look again this often. */
const LOOK_AGAIN = 5000;
/** As `/readyz` has it. */
const DISK_LIMIT = 512 * 1024 ** 2;

const main = document.getElementById("main");
const isSupervisor = document.documentElement.dataset.role === "supervisor";
const losses = h("ul", { class: "rows losses" });
const tiles = h("dl", { class: "tiles" });
const brokers = h("ul", { class: "rows" });
const brokersPart = h("section", { class: "intake-part intake-brokers", hidden: true },
  h("h2", null, t("intake.brokers")), brokers);
const gaps = h("ul", { class: "rows" });
const noGaps = h("p", { class: "empty" }, t("intake.gaps.none"));
const reasons = h("ul", { class: "rows reasons" });
const noReasons = h("p", { class: "empty" }, t("intake.rejected.none"));
fill(main, h("div", { class: "page-head" }, h("h1", null, t("intake.title"))),
  h("p", { class: "lead muted" }, t("intake.lead")), losses, tiles, brokersPart,
  h("div", { class: "intake-parts" },
    h("section", { class: "intake-part" }, h("h2", null, t("intake.gaps")),
      h("p", { class: "muted" }, t("intake.gaps.text")), noGaps, gaps),
    h("section", { class: "intake-part" }, h("h2", null, t("intake.rejected")),
      h("p", null, h("a", { href: "/rejected" }, t("intake.rejected.all"))), noReasons, reasons)));

const bytes = (value) =>
  value >= 1024 ** 3 ? `${rough(value / 1024 ** 3)} GiB` : `${rough(value / 1024 ** 2)} MiB`;

function lagText(seconds) {
  if (seconds === undefined || seconds === null) return t("intake.lag.none");
  return seconds < 60 ? t("intake.lag.now") : t("intake.lag.value", { span: span(seconds * 1000) });
}

/** What to look at first: each with its value, a note, and whether it asks for somebody. */
function tilesOf({ broker, figures, losses }) {
  const of = (name) => figures[`fieldloop_${name}`];
  const whole = (name) => count(of(name) ?? 0);
  const [commits, time] = [of("commit_seconds_count") ?? 0, of("commit_seconds_sum") ?? 0];
  const backlog = of("backlog_messages");
  const tile = (name, value, { note, isBad } = {}) => ({ name, value, note: note ?? "", isBad: Boolean(isBad) });
  return [
    tile("broker", has(`intake.broker.${broker}`) ? t(`intake.broker.${broker}`) : "–", { isBad: broker === "away" }),
    tile("backlog", backlog === undefined ? "–" : count(backlog),
      { note: backlog === undefined ? t("intake.backlog.unknown") : "" }),
    tile("lag", lagText(of("event_lag_seconds"))),
    tile("messages", whole("messages_total"), { note: t("intake.messages.note") }),
    tile("readings", whole("readings_total"), { note: t("intake.readings.note") }),
    tile("burst", whole("burst_messages"), { note: t("intake.burst.note", { most: whole("burst_messages_most") }) }),
    tile("commit", commits ? `${rough((time / commits) * 1000)} ms` : "–",
      { note: t("intake.commit.note", { n: count(commits) }) }),
    tile("journal", bytes(of("journal_bytes") ?? 0), { note: t("intake.journal.note", { n: whole("journal_rows") }) }),
    tile("failures", whole("handler_failures_total"),
      { note: t("intake.failures.note"), isBad: of("handler_failures_total") > 0 }),
    tile("sessions", whole("sessions_lost_total"),
      { note: t("intake.sessions.note"), isBad: losses.length > 0 }),
    tile("dropped", whole("broker_dropped_total"),
      { note: t("intake.dropped.note"), isBad: of("broker_dropped_total") > 0 }),
    ...(of("set_aside_files") ? [tile("set_aside", whole("set_aside_files"),
      { note: t("intake.set_aside.note"), isBad: true })] : []),
    tile("disk", bytes(of("disk_free_bytes") ?? 0), { isBad: of("disk_free_bytes") < DISK_LIMIT }),
  ];
}

const tileOf = ({ name, value, note, isBad }) => h("div", { class: isBad ? "tile bad" : "tile" },
  h("dt", null, isBad && icon("warning"), t(`intake.${name}`)),
  h("dd", null, h("strong", null, value), note && h("div", { class: "muted" }, note)));

const lossOf = (loss) => h("li", { class: "row loss", role: "alert" },
  h("div", { class: "row-head" },
    h("strong", null, icon("warning"), t("intake.loss.title", { broker: loss.broker })), h("span", { class: "badge code" }, loss.session),
    at(loss.noticed_at)),
  h("p", null, loss.away_since ? t("intake.loss.since", { time: fullTime(loss.away_since) })
    : t("intake.loss.stopped")),
  h("p", null, t("intake.loss.todo")),
  isSupervisor && h("button", { class: "button", type: "button", onclick: async (event) => {
    event.currentTarget.disabled = true;
    try { await post(`/api/intake/losses/${loss.id}/acknowledge`, {}); } finally { look(); }
  } }, t("intake.loss.acknowledge")));

const brokerOf = (broker) => h("li", { class: broker.state === "away" ? "row loss" : "row" },
  h("div", { class: "row-head" },
    h("strong", { class: "code" }, broker.state === "away" && icon("warning"), broker.broker), h("span", { class: "badge code" }, broker.session),
    h("span", null, t(`intake.broker.${broker.state}`), " ", since(broker.since))),
  h("p", { class: "muted" }, t("intake.brokers.messages", { n: count(broker.messages) }),
    broker.backlog !== null && ` · ${t("intake.brokers.backlog", { n: count(broker.backlog) })}`,
    broker.state === "away" && broker.error && ` · ${broker.error}`));

const rangeOf = ([first, last]) => h("span", { class: "chip-still code" }, first === last ? first : `${first}–${last}`);

const gapOf = (gap) => h("li", { class: "row" },
  h("div", { class: "row-head" }, h("strong", { class: "code" }, gap.sender), at(gap.noticed_at)),
  h("p", null, t("intake.gap", { holes: count(gap.holes), missing: count(gap.missing) })),
  h("p", { class: "muted" }, t("intake.gap.ranges"), " ", gap.ranges.map(rangeOf)),
  gap.is_given_up && h("p", { class: "muted" }, t("intake.gap.given_up")));

const lineOf = (line) => h("li", { class: "row" },
  h("a", { class: "row-head", href: `/rejected?reason=${encodeURIComponent(line.reason)}` },
    h("strong", null, reasonOf(line.reason)), h("span", { class: "badge code" }, line.reason),
    h("span", { class: "reason-count" }, count(line.count)), at(line.last_at)));

const look = keepLive(async () => {
  const seen = await get("/api/intake");
  reconcile(losses, seen.losses, (loss) => loss.id, lossOf);
  reconcile(brokers, seen.brokers, (broker) => broker.session, brokerOf);
  // One broker has its tile.
  brokersPart.hidden = seen.brokers.length < 2;
  reconcile(tiles, tilesOf(seen), (tile) => tile.name, tileOf);
  reconcile(gaps, seen.gaps, (gap) => gap.sender, gapOf);
  noGaps.hidden = seen.gaps.length > 0;
  reconcile(reasons, seen.rejected, (line) => line.reason, lineOf);
  noReasons.hidden = seen.rejected.length > 0;
});
setInterval(() => document.visibilityState === "visible" && look(), LOOK_AGAIN);
