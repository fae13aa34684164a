// What arrived and was not taken, and why: for whoever mends the sender.

import { h, fill, reconcile } from "./dom.js";
import { get } from "./api.js";
import { keepLive } from "./live.js";
import { has, t } from "./words.js";
import { at, notice } from "./parts.js";

const main = document.getElementById("main");
const empty = h("div", null, notice("closed", t("rejected.empty.title"), t("rejected.empty.text")));
const list = h("ul", { class: "rows" });
fill(main, h("div", { class: "page-head" }, h("h1", null, t("rejected.title"))),
  h("p", { class: "lead muted" }, t("rejected.lead")), empty, list);

const reasonOf = (code) => (has(`rejected.${code}`) ? t(`rejected.${code}`) : t("rejected.other"));

const rowOf = (row) => h("li", { class: "row" },
  h("div", { class: "row-head" }, h("strong", null, reasonOf(row.reason)),
    h("span", { class: "badge code" }, row.reason), at(row.at)),
  h("p", { class: "code" }, row.topic || "–"),
  h("p", null, row.detail),
  h("details", null, h("summary", null, t("rejected.head", { n: row.bytes })), h("pre", null, row.head)));

keepLive(async () => {
  const { rejected } = await get("/api/rejected");
  empty.hidden = rejected.length > 0;
  reconcile(list, rejected, (row) => row.id, rowOf);
});
