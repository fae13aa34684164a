// The measure around the breach, with the limits it is judged by. Drawn by Chart.js, which Debian brings.

import { h, icon, fill } from "./dom.js";
import { get, serverNow } from "./api.js";
import { base, measureOf, moment, number, t, timeOfDay, timeWithSeconds, unitOf, withUnit } from "./words.js";

let library = null;
let chart = null;
let canvas = null;

/** The chart library, or null where it is not installed. */
function load() {
  library ??= new Promise((resolve) => {
    const script = h("script", { src: `${base}/chart.js` });
    script.addEventListener("load", () => resolve(window.Chart ?? null));
    script.addEventListener("error", () => resolve(null));
    document.head.append(script);
  });
  return library;
}

export async function drawTrend(parent, ticket) {
  const [Chart, trend] = await Promise.all([load(), get(`/api/tickets/${ticket.ticket}/trend`)]);
  if (trend.slices.length === 0) return fill(parent, h("p", { class: "empty" }, t("trend.empty")));
  const caption = h("p", { class: "muted" }, summary(trend, ticket));
  if (!Chart) return fill(parent, caption, h("p", { class: "fault" }, icon("warning"), t("trend.no_library")));
  if (!canvas) {
    canvas = h("canvas", { role: "img" });
    window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => redraw?.());
  }
  canvas.setAttribute("aria-label", summary(trend, ticket));
  if (!canvas.isConnected || parent.firstChild?.className !== "chart") {
    fill(parent, h("div", { class: "chart" }, canvas));
  }
  while (parent.children.length > 1) parent.lastChild.remove();
  parent.append(legend(trend), caption);
  redraw = () => plot(Chart, trend);
  redraw();
}

let redraw = null;

function summary(trend) {
  const top = trend.slices.reduce((best, slice) => (slice[2] > best[2] ? slice : best));
  const now = trend.slices.at(-1);
  return t("trend.summary", {
    measure: measureOf(trend.measure), point: trend.point, peak: withUnit(top[2], trend.measure),
      peak_at: timeOfDay(top[0]),
    last: withUnit(now[2], trend.measure), last_at: moment(now[0], serverNow()),
  });
}

const limitsOf = (trend) => ["critical", "raise", "clear"].filter((name) => trend[name] !== null);

const legend = (trend) => h("ul", { class: "legend" },
  h("li", { class: "legend-value" }, `${measureOf(trend.measure)} ${unitOf(trend.measure)}`),
  limitsOf(trend).map((name) => h("li", { class: `legend-${name}` },
    t(`limit.${name}`, { value: number(trend[name]) }))),
  h("li", { class: "legend-breach" }, t("trend.breach")));

function plot(Chart, trend) {
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(`--${name}`).trim();
  const lines = { critical: colour("red"), raise: colour("orange"), clear: colour("green") };
  const ends = (value) => [{ x: trend.from, y: value }, { x: trend.to, y: value }];
  const line = (pick) => withGaps(trend.slices).map((slice) => ({ x: slice[0], y: pick(slice) }));
  const plain = { pointRadius: 0, borderWidth: 1.5, tension: 0 };
  const datasets = [
    { ...plain, label: "lowest", data: line(([, low]) => low), borderColor: "transparent" },
    {
      ...plain, label: measureOf(trend.measure), data: line(([, , high]) => high),
      borderColor: colour("accent"), backgroundColor: colour("accent-tint"), borderWidth: 2, fill: "-1",
    },
    ...limitsOf(trend).map((name) => ({
      ...plain, label: name, data: ends(trend[name]), borderColor: lines[name],
        borderDash: name === "clear" ? [3, 4] : [7, 4],
    })),
  ];
  const breach = {
    id: "breach",
    afterDatasetsDraw({ ctx, chartArea, scales }) {
      const x = scales.x.getPixelForValue(trend.breach_at);
      if (x < chartArea.left || x > chartArea.right) return;
      ctx.save();
      ctx.strokeStyle = colour("ink-2");
      ctx.setLineDash([2, 3]);
      ctx.beginPath();
      ctx.moveTo(x, chartArea.top);
      ctx.lineTo(x, chartArea.bottom);
      ctx.stroke();
      ctx.restore();
    },
  };
  const highest = Math.max(...trend.slices.map((slice) => slice[2]), ...limitsOf(trend).map((name) => trend[name]));
  chart?.destroy();
  chart = new Chart(canvas, {
    type: "line", data: { datasets }, plugins: [breach], options: options(trend, colour, highest),
  });
}

/** Silence is no straight line: a break stands where readings stayed away for much longer than usual. */
function withGaps(slices) {
  const steps = slices.slice(1).map((slice, index) => slice[0] - slices[index][0]).sort((a, b) => a - b);
  const usual = steps[Math.floor(steps.length / 2)] ?? 0;
  return slices.flatMap((slice, index) => {
    const before = slices[index - 1];
    const isGap = before && slice[0] - before[0] > Math.max(5 * usual, 60000);
    return isGap ? [[(slice[0] + before[0]) / 2, NaN, NaN, 0], slice] : [slice];
  });
}

function options(trend, colour, highest) {
  const isLong = trend.to - trend.from > 86400000;
  return {
    animation: false, parsing: false, normalized: true, maintainAspectRatio: false,
      interaction: { mode: "nearest", axis: "x", intersect: false },
    scales: {
      x: {
        type: "linear", min: trend.from, max: trend.to, grid: { color: colour("line"), drawTicks: false },
        afterBuildTicks: (axis) => { axis.ticks = timeTicks(trend.from, trend.to).map((value) => ({ value })); },
        ticks: { color: colour("ink-2"), maxRotation: 0, autoSkipPadding: 16,
          callback: (value) => (isLong ? moment(value, serverNow()) : timeOfDay(value)) },
      },
      y: {
        beginAtZero: true, suggestedMax: highest * 1.1, grid: { color: colour("line"), drawTicks: false },
        ticks: { color: colour("ink-2"), maxTicksLimit: 6 },
        title: { display: true, text: unitOf(trend.measure), color: colour("ink-2") },
      },
    },
    plugins: {
      legend: { display: false },
      tooltip: {
        filter: (item) => item.datasetIndex === 1, displayColors: false,
        callbacks: {
          title: (items) => items.length ? timeWithSeconds(items[0].parsed.x) : "",
          label: (item) => withUnit(item.parsed.y, trend.measure),
        },
      },
    },
  };
}

/** Ticks on round times of the reader's own clock. */
function timeTicks(from, to) {
  const minute = 60000;
  const step = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440,
    2880].map((n) => n * minute).find((n) => (to - from) / n <= 8) ?? (to - from) / 8;
  const offset = new Date(from).getTimezoneOffset() * minute;
  const ticks = [];
  for (let at = Math.ceil((from - offset) / step) * step + offset; at <= to; at += step) ticks.push(at);
  return ticks;
}
