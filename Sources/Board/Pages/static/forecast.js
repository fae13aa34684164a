// When a limit is reached if it goes on like this: reckoned, and never more than that.

import { h, icon, fill } from "./dom.js";
import { serverNow } from "./api.js";
import { count, dayOf, measureOf, number, t, unitOf, withUnit } from "./words.js";

export function drawForecast(parent, { forecast }) {
  const print = JSON.stringify(forecast);
  if (parent.dataset.print === print) return;
  parent.dataset.print = print;
  if (!forecast) return fill(parent);
  fill(parent, icon("trend"), h("p", null, sentence(forecast), " ", h("span", { class: "muted" }, basis(forecast))));
}

function sentence(forecast) {
  const day = (at) => dayOf(at, serverNow());
  const values = { point: forecast.point, measure: measureOf(forecast.measure),
    limit: withUnit(forecast.limit, forecast.measure) };
  for (const name of ["at", "earliest", "latest"]) if (forecast[name]) values[name] = day(forecast[name]);
  if (forecast.per_day_high < 0) return t("forecast.falling", values);
  // As likely a fall as a rise: a date would be made up.
  if (forecast.per_day_low <= 0) return t("forecast.flat", values);
  if (!forecast.at) return t(forecast.earliest ? "forecast.far" : "forecast.never", values);
  return t(forecast.latest ? "forecast.between" : "forecast.open",
    { ...values, earliest: values.earliest ?? values.at });
}

function basis(forecast) {
  const seen = { count: count(forecast.count), from: dayOf(forecast.from, serverNow()) };
  if (forecast.per_day_low <= 0) return t("forecast.seen", seen);
  const unit = unitOf(forecast.measure);
  const signed = (value) => `+${number(value)}`;
  return t("forecast.basis", { ...seen, rate: `${signed(forecast.per_day)} ${unit}`.trim(),
    low: signed(forecast.per_day_low), high: signed(forecast.per_day_high) });
}
