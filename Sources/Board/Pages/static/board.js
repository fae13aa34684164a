// The board: five columns, live.

import { h, icon, reconcile, fill } from "./dom.js";
import { get } from "./api.js";
import { keepLive } from "./live.js";
import { drawPlanned, plannedButton, plannedStrip } from "./planned.js";
import { nameOf, t } from "./words.js";
import { gauge, gradeBadge, person, severityIcon, since, stateIcon, stateWord, until } from "./parts.js";

const main = document.getElementById("main");
const lists = new Map();
let summary = null;
let isFirst = true;

function frame(columns) {
  summary = h("div", { class: "summary", "aria-live": "polite" });
  fill(main, h("div", { class: "page-head" }, h("h1", null, t("board.title")), summary, plannedButton()),
    plannedStrip, h("div", { class: "columns" }, columns.map(columnFrame)));
}

function columnFrame({ state }) {
  const count = h("span", { class: "count" });
  const list = h("ul", { class: "cards" });
  const empty = h("p", { class: "empty" }, t(`empty.${state}`));
  const more = h("p", { class: "more" });
  lists.set(state, { count, list, empty, more });
  return h("section", { class: `column state-${state}`, "aria-labelledby": `column-${state}` },
    h("h2", { id: `column-${state}` }, icon(state), t(`column.${state}`), count),
    list, empty, more);
}

function draw({ columns }) {
  if (isFirst) frame(columns);
  const focusedKey = document.activeElement?.closest?.("[data-key]")?.dataset.key;
  for (const { state, count, cards } of columns) {
    const column = lists.get(state);
    column.count.textContent = count;
    column.empty.hidden = cards.length > 0;
    column.more.textContent = count > cards.length ? t("board.more", { n: count - cards.length }) : "";
    const fresh = reconcile(column.list, cards, (card) => card.ticket, cardOf);
    if (!isFirst) for (const node of fresh) node.classList.add("fresh");
  }
  // A card that went to another column is a new element there.
  if (focusedKey && document.activeElement === document.body) {
    main.querySelector(`[data-key="${CSS.escape(focusedKey)}"] a`)?.focus({ preventScroll: true });
  }
  drawSummary(columns);
  isFirst = false;
}

function drawSummary(columns) {
  const open = columns.filter((column) => column.state !== "closed");
  const cards = open.flatMap((column) => column.cards);
  const overdue = cards.filter((card) => card.overdue).length;
  const lacking = cards.filter((card) => card.lacks_engineer).length;
  const total = open.reduce((sum, column) => sum + column.count, 0);
  fill(summary,
    h("span", { class: "stat" }, h("b", null, total), t("board.open")),
    overdue > 0 && h("span", { class: "stat bad" }, icon("clock"), h("b", null, overdue), t("board.overdue")),
    lacking > 0 && h("span", { class: "stat bad" }, icon("noperson"), h("b", null, lacking), t("board.lacking")));
}

function cardOf(card) {
  const classes = ["card", card.overdue && "overdue", card.severity].filter(Boolean).join(" ");
  return h("li", { class: classes },
    h("a", { href: `/t/${card.ticket}`, class: "card-link" },
      h("span", { class: "card-head" },
        severityIcon(card.severity), h("span", { class: "code" }, `T${card.ticket}`),
        h("span", { class: "muted code" }, card.asset), gradeBadge(card.grade)),
      h("span", { class: "card-title" }, nameOf(card.asset_name, card.asset)),
      h("span", { class: "card-place muted" }, nameOf(card.site_name), " · ", nameOf(card.customer_name)),
      card.column === "closed" ? ending(card) : gauge(card),
      h("span", { class: "card-foot" }, who(card), photos(card))));
}

const ending = (card) => h("span", { class: `ending outcome-${card.outcome}` }, icon(stateIcon(card)), stateWord(card));

function who(card) {
  if (card.overdue && card.column !== "closed") {
    return h("span", { class: "late" }, icon("clock"),
      card.engineer && h("span", null, nameOf(card.engineer_name, card.engineer)),
      h("span", null, t("card.overdue"), " ", since(card.state_since)));
  }
  if (card.lacks_engineer) return h("span", { class: "late" }, icon("noperson"), t("card.lacking"));
  if (!card.engineer) return h("span", { class: "muted" }, icon("clock"), since(card.state_since));
  return h("span", { class: "who" }, person(card.engineer_name, card.engineer),
    h("span", { class: "muted" }, substate(card)));
}

function substate(card) {
  if (card.state === "offered" && card.offer_until) return [t("card.asked"), " ", until(card.offer_until)];
  const isNamed = ["en_route", "verifying"].includes(card.state);
  return [isNamed && [t(`state.${card.state}`), " · "], since(card.state_since)];
}

const photos = (card) =>
  card.photo_count > 0 && h("span", { class: "photos muted", title: t("card.photos", { n: card.photo_count }) },
    icon("camera"), card.photo_count);

keepLive(() => Promise.all([get("/api/board").then(draw), get("/api/planned-work").then(drawPlanned)]));
