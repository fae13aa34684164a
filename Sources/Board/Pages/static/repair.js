// What was measured before the repair and after it, and whether the two may be compared.

import { h, icon, fill } from "./dom.js";
import { count, measureOf, nameOf, number, t, unitOf } from "./words.js";

export function drawRepair(parent, { repair }) {
  const print = JSON.stringify(repair);
  if (parent.dataset.print === print) return;
  parent.dataset.print = print;
  if (!repair?.length) return fill(parent);
  fill(parent, h("table", { class: "figures" },
    h("thead", null, h("tr", null, ["before", "after", "change"].map((name) =>
      h("th", { scope: "col" }, t(`repair.${name}`))))),
    repair.map(rows)));
}

const isKnown = (value) => typeof value === "number";

/** The point over its values: names are long and phones narrow. */
function rows(line) {
  const isMeasured = isKnown(line.after_mean) && line.after_count > 0;
  return h("tbody", null, h("tr", null, h("th", { scope: "rowgroup", colspan: 3 }, h("div", { class: "repair-point" },
    h("span", null, nameOf(line.place, line.point)), h("span", { class: "muted" }, measureOf(line.measure),
      unitOf(line.measure) && ` ${unitOf(line.measure)}`), comparable(line, isMeasured)))),
  h("tr", null,
    h("td", null, isKnown(line.before_mean) ? h("strong", null, number(line.before_mean)) : "–",
      isKnown(line.before_peak) && h("span", { class: "muted" }, t("repair.peak", { value: number(line.before_peak) })),
      line.before_count > 0 && readings(line.before_count)),
    h("td", null, isMeasured ? [h("strong", null, number(line.after_mean)), readings(line.after_count)] : "–"),
    h("td", null, isMeasured && line.before_mean > 0 ? change(line) : "–")));
}

const readings = (n) => h("span", { class: "muted" }, t("repair.count", { n: count(n) }));

/** Less is better in every measure that has a limit. */
function change(line) {
  const percent = Math.round((line.after_mean / line.before_mean - 1) * 100);
  const mood = line.same_speed === false ? "muted" : percent < 0 ? "good" : percent > 0 ? "late" : "";
  return h("strong", { class: mood }, percent < 0 ? `−${-percent}%` : `${percent > 0 ? "+" : ""}${percent}%`);
}

function comparable(line, isMeasured) {
  if (line.same_speed === false) return h("span", { class: "late" }, icon("warning"), t("repair.other_speed"));
  if (!isMeasured) return h("span", { class: "muted" }, t("repair.waiting"));
  return line.same_speed ? h("span", { class: "good" }, icon("check"), t("repair.same_speed"))
    : h("span", { class: "muted" }, t("repair.unknown_speed"));
}
