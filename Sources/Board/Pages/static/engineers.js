// Who is there: shift, load, and how old the last position is.

import { h, icon, fill, reconcile } from "./dom.js";
import { get, serverNow } from "./api.js";
import { keepLive } from "./live.js";
import { has, rough, span, t } from "./words.js";
import { person } from "./parts.js";

const main = document.getElementById("main");
const body = h("ul", { class: "rows people" });
fill(main, h("div", { class: "page-head" }, h("h1", null, t("engineers.title"))), body);

function rowOf(line) {
  const share = line.load_cap ? line.load / line.load_cap : 0;
  return h("li", { class: `row ${line.on_shift ? "" : "off"}` },
    h("div", { class: "people-name" }, person(line.name, line.engineer),
      h("span", { class: "muted code" }, line.engineer)),
    h("div", null, h("span", { class: `badge ${line.on_shift ? "state-closed" : ""}` },
      icon(line.on_shift ? "check" : "clock"), t(line.on_shift ? "engineers.on" : "engineers.off"))),
    h("div", null, h("meter", { min: 0, max: 1, high: 0.99, value: share, "aria-label": t("engineers.load") }), " ",
      t("engineers.load_text", { load: line.load, cap: line.load_cap })),
    h("div", { class: "muted" }, Object.entries(line.skills).map(([skill, level]) => h("span", { class: "chip-still" },
      has(`skill.${skill}`) ? t(`skill.${skill}`) : skill, " ", level))),
    h("div", { class: "muted" }, fix(line)));
}

function fix(line) {
  if (line.fix_at === null) return [icon("nopin"), t("engineers.no_fix")];
  return [icon("pin"), t("engineers.fix", { span: span(serverNow() - line.fix_at), accuracy: rough(line.accuracy_m) })];
}

keepLive(async () => {
  const { engineers } = await get("/api/engineers");
  reconcile(body, engineers, (line) => line.engineer, rowOf);
});
