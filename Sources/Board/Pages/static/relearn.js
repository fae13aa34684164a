// What a point has learned no longer holds after a repair, with a new sensor or on another machine: a supervisor has it
// learned anew.

import { h, icon, fill } from "./dom.js";
import { post } from "./api.js";
import { attempt, once } from "./deeds.js";
import { nameOf, t } from "./words.js";

export function drawRelearn(parent, ticket) {
  const places = new Map(ticket.episodes.filter(({ kind }) => kind === "learned")
    .map(({ point, place }) => [point, nameOf(place, point)]));
  const mayAsk = document.documentElement.dataset.role === "supervisor" && places.size > 0;
  const print = mayAsk ? [...places.keys()].join() : "";
  if (parent.dataset.print === print) return;
  parent.dataset.print = print;
  if (!mayAsk) return fill(parent);
  const fault = h("p", { class: "fault", role: "alert", hidden: true });
  const told = h("p", { class: "good", role: "status", hidden: true }, icon("check"), t("relearn.done"));
  const learnAnew = (point) => attempt(fault, async () => {
    await post(`/api/points/${encodeURIComponent(ticket.asset)}/${encodeURIComponent(point)}/relearn`, {});
    told.hidden = false;
  });
  fill(parent, h("details", { class: "deed deed-relearn" },
    h("summary", { class: "button" }, icon("pulse"), t("relearn.title")),
    h("p", { class: "muted" }, t("relearn.lead")), fault,
    h("div", { class: "deed-row" }, [...places].map(([point, place]) => h("button",
      { class: "button", type: "button", onclick: once(() => learnAnew(point)) }, t("relearn.send", { place })))),
    told));
}
