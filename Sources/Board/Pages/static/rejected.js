// What arrived and was not taken, and why: for whoever mends the sender.

import { h, fill, reconcile } from "./dom.js";
import { get } from "./api.js";
import { keepLive } from "./live.js";
import { count, t } from "./words.js";
import { at, notice } from "./parts.js";
import { reasonOf } from "./reasons.js";

const main = document.getElementById("main");
const empty = h("div", null, notice("closed", t("rejected.empty.title"), t("rejected.empty.text")));
const none = h("p", { class: "muted" }, t("rejected.none"));
const chips = h("div", { class: "chips" });
const kept = h("p", { class: "muted kept" });
const list = h("ul", { class: "rows" });
let reason = new URLSearchParams(location.search).get("reason") ?? "";

fill(main, h("div", { class: "page-head" }, h("h1", null, t("rejected.title"))),
  h("p", { class: "lead muted" }, t("rejected.lead")), chips, kept, empty, none, list);

const rowOf = (row) => h("li", { class: "row" },
  h("div", { class: "row-head" }, h("strong", null, reasonOf(row.reason)),
    h("span", { class: "badge code" }, row.reason), at(row.at)),
  h("p", { class: "code" }, row.topic || "–"),
  h("p", null, row.detail),
  h("details", null, h("summary", null, t("rejected.head", { n: row.bytes })), h("pre", null, row.head)));

const chipOf = (choice) => h("button", { class: "chip", type: "button", "aria-pressed": String(choice.isOn),
  onclick: () => choose(choice.reason) },
choice.reason ? reasonOf(choice.reason) : t("rejected.all"), " ", h("b", null, count(choice.count)));

function choose(code) {
  reason = code;
  history.replaceState(null, "", code ? `?reason=${encodeURIComponent(code)}` : location.pathname);
  refresh();
}

const refresh = keepLive(async () => {
  const asked = reason;
  const answer = await get(`/api/rejected${asked ? `?reason=${encodeURIComponent(asked)}` : ""}`);
  if (asked !== reason) return;
  const { rejected, counts } = answer;
  const total = counts.reduce((sum, line) => sum + line.count, 0);
  const choices = [{ reason: "", count: total }, ...counts.map(({ reason: code, count: n }) => ({ reason: code, count: n }))];
  reconcile(chips, total ? choices.map((choice) => ({ ...choice, isOn: choice.reason === asked })) : [],
    (choice) => choice.reason || "all", chipOf);
  kept.textContent = total ? t("rejected.kept", { rows: count(answer.kept_rows), days: answer.kept_days }) : "";
  empty.hidden = total > 0;
  none.hidden = total === 0 || rejected.length > 0;
  reconcile(list, rejected, (row) => row.id, rowOf);
});
