// The engineer's page: my jobs, one thumb, two taps from the link to a photo on the right ticket.

import { h, icon, fill, reconcile } from "./dom.js";
import { get } from "./api.js";
import { keepLive } from "./live.js";
import { nameOf, t } from "./words.js";
import { gauge, gradeBadge, notice, severityIcon, since, stateBadge, until } from "./parts.js";
import { attempt, once, perform, wordedForm } from "./deeds.js";
import { photoButton } from "./camera.js";
import { tellPosition } from "./position.js";
import { findingOf } from "./sureness.js";

const main = document.getElementById("main");
const wanted = new URLSearchParams(location.search).get("t");
const buttons = new Map();
let list = null;
let hasScrolled = false;

function draw({ tickets }) {
  if (!list) {
    list = h("div", { class: "jobs" });
    fill(main, h("div", { class: "page-head" }, h("h1", null, t("phone.title"))), list);
  }
  const fresh = reconcile(list, tickets, (ticket) => ticket.ticket, jobOf);
  if (tickets.length === 0) fill(list, notice("inbox", t("phone.empty.title"), t("phone.empty.text")));
  if (hasScrolled && fresh.some((node) => node.dataset.state === "offered")) navigator.vibrate?.(200);
  if (!hasScrolled) scrollToWanted();
  hasScrolled = true;
}

/** The ticket that the link in the chat was about. */
function scrollToWanted() {
  const node = wanted && list.querySelector(`[data-key="${CSS.escape(wanted)}"]`);
  node?.scrollIntoView({ block: "start" });
  node?.classList.add("fresh");
}

function jobOf(ticket) {
  const isClosed = ticket.column === "closed";
  const fault = h("p", { class: "fault", role: "alert", hidden: true });
  const send = (action, text) => attempt(fault, async () => {
    tellPosition();
    await perform(ticket, action, text);
    await refresh();
  });
  return h("article", { class: `job state-${ticket.column} ${ticket.severity} ${ticket.overdue ? "overdue" : ""}`,
    "data-state": ticket.state },
    h("header", null,
      h("div", { class: "job-line" }, severityIcon(ticket.severity),
        h("a", { class: "code", href: `/t/${ticket.ticket}` }, `T${ticket.ticket}`),
        gradeBadge(ticket.grade), stateBadge(ticket),
          h("span", { class: "muted job-since" }, since(ticket.state_since))),
      h("h2", null, nameOf(ticket.asset_name, ticket.asset)),
      h("p", { class: "muted" }, nameOf(ticket.site_name), " · ", h("span", { class: "code" }, ticket.asset), " · ",
        nameOf(ticket.place, ticket.point)),
      !isClosed && gauge(ticket),
      !isClosed && ticket.why && h("p", { class: "job-why" }, nameOf(ticket.why)),
      !isClosed && ticket.cause && h("p", { class: "job-why" }, icon("diagnosing"), " ",
        h("a", { href: `/t/${ticket.ticket}` }, findingOf(ticket.cause, ticket.confidence)))),
    fault,
    isClosed ? null : deeds(ticket, send));
}

function deeds(ticket, send) {
  const can = (action) => ticket.actions.includes(action);
  const big = (action, name, kind = "primary") =>
    h("button", { class: `button big ${kind}`, type: "button", onclick: once(() => send(action)) }, icon(name),
      t(`action.${action}`));
  if (ticket.state === "offered") {
    return h("div", { class: "job-deeds" },
      h("p", { class: "offer" }, icon("bell"), t("phone.offer"),
        ticket.offer_until && [" ", until(ticket.offer_until)]),
      can("accept") && big("accept", "check"),
      can("decline") && wordedForm("decline", send,
        { choices: ["busy", "far", "skill", "tools"].map((why) => t(`decline.${why}`)) }));
  }
  return h("div", { class: "job-deeds" },
    photoFor(ticket),
    ticket.state === "verifying" && h("p", { class: "hint" }, icon("verifying"), t("phone.verifying")),
    can("en_route") && big("en_route", "en_route"),
    can("arrived") && big("arrived", "pin", ticket.state === "accepted" ? "" : "primary"),
    can("parts_arrived") && big("parts_arrived", "awaiting_parts"),
    can("done") && wordedForm("done", send),
    can("awaiting_parts") && wordedForm("awaiting_parts", send),
    ticket.lat !== null && h("a", { class: "quiet go",
      href: `geo:${ticket.lat},${ticket.lon}?q=${ticket.lat},${ticket.lon}` }, icon("pin"), t("phone.navigate")));
}

/** Kept when the job is drawn again: an upload under way must not vanish because the ticket moved. */
function photoFor(ticket) {
  if (!buttons.has(ticket.ticket)) buttons.set(ticket.ticket, photoButton(ticket.ticket, () => refresh()));
  return buttons.get(ticket.ticket);
}

const refresh = keepLive(async () => draw(await get("/api/me/tickets")));
