// The spectra behind a diagnosis, before the repair and after it: two drawings, and their marked lines in numbers.

import { h, icon, fill } from "./dom.js";
import { get, Problem, serverNow } from "./api.js";
import { count, has, moment, number, rough, t } from "./words.js";
import { plot } from "./spectrumplot.js";
import { surenessOf } from "./sureness.js";

const units = { velocity: "mm/s", envelope: "g" };
/** As engineers write it. */
const plain = (name) => name.toUpperCase().replace(/^TWICE_/, "2×");
const marksOf = { line: (item) => plain(item.line), order: (item) => `${item.order}×` };
let drawn = "";
let watch = null;

/** Fetches and draws, again only after a new record or a repair; says whether there is anything to see. */
export async function drawSpectra(parent, ticket) {
  if (!ticket.diagnosis) return false;
  const records = ticket.entries.filter((entry) => entry.kind === "diagnosed").length;
  const print = `${ticket.ticket} ${ticket.diagnosis.at} ${ticket.state} ${records}`;
  if (print === drawn) return parent.childElementCount > 0;
  let answer;
  try {
    answer = await get(`/api/tickets/${ticket.ticket}/spectrum`);
  } catch (problem) {
    // The waveform may be gone; the page lives without the drawing.
    if (!(problem instanceof Problem)) throw problem;
    if (problem.code !== "offline") drawn = print;
    return parent.childElementCount > 0;
  }
  drawn = print;
  const strong = new Set((ticket.diagnosis.findings ?? [])
    .filter((finding) => surenessOf(finding.confidence) !== "hint").flatMap((finding) => finding.evidence ?? [])
    .map((item) => marksOf[item.kind]?.(item)).filter(Boolean));
  show(parent, answer, strong);
  return parent.childElementCount > 0;
}

function show(parent, { before, after }, strong) {
  const figures = ["velocity", "envelope"].map((kind) => figureOf(kind, before, after, strong)).filter(Boolean);
  fill(parent, figures.length > 0 && legend(before, after), figures.map((figure) => figure.node));
  watch?.disconnect();
  // Drawn at the width that it has, so that its texts keep their size on a phone.
  watch = new ResizeObserver((changes) => {
    for (const { target, contentRect } of changes) {
      figures.find((figure) => figure.box === target)?.draw(Math.floor(contentRect.width));
    }
  });
  for (const figure of figures) watch.observe(figure.box);
}

function figureOf(kind, before, after, strong) {
  const traces = [["before", before?.[kind]], ["after", after?.[kind]]]
    .filter(([, lines]) => lines?.points?.length > 0).map(([name, lines]) => ({ name, ...lines }));
  if (traces.length === 0) return null;
  const marks = traces[0].marks ?? [];
  const top = Math.max(...traces.map((trace) => trace.top));
  const scene = { traces, top, strong, marks: marks.map((mark) => ({ ...mark, name: plain(mark.name) })),
    unit: t("spectrum.peak_unit", { unit: units[kind] }) };
  const heading = title(kind, traces);
  const box = h("div", { class: "spectrum-plot", role: "img", "aria-label": summary(heading, kind, scene) });
  const bands = [...new Set(traces.map((trace) => trace.band && bandText(trace.band)).filter(Boolean))];
  const node = h("figure", { class: "spectrum" }, h("figcaption", null, h("h3", null, heading)), box,
    bands.length > 1 && h("p", { class: "muted" }, icon("warning"),
      t("spectrum.bands_differ", { before: bands[0], after: bands[1] })),
    scene.marks.length > 0 && h("details", null, h("summary", null, t("spectrum.numbers")), table(kind, scene)));
  return { node, box, draw: (width) => width > 0 && fill(box, plot(scene, width)) };
}

const bandText = ([low, high]) => `${Math.round(low)}–${Math.round(high)}`;

function title(kind, [{ band }]) {
  if (kind === "velocity") return t("spectrum.velocity");
  if (!band) return t("spectrum.envelope");
  return t("spectrum.envelope_band", { low: Math.round(band[0]), high: Math.round(band[1]) });
}

const value = (kind, height) => `${kind === "envelope" ? height.toPrecision(2) : number(height)} ${units[kind]}`;

function summary(heading, kind, { traces, top }) {
  return traces.map((trace) => {
    const [hz, height] = trace.points.reduce((best, point) => (point[1] > best[1] ? point : best));
    return `${t(`spectrum.${trace.name}`)}: ${t("spectrum.summary",
      { title: heading, top: count(top), peak: value(kind, height), hz: rough(hz) })}`;
  }).join(" ");
}

const legend = (before, after) => h("ul", { class: "legend" },
  [["before", before], ["after", after]].filter(([, spectrum]) => spectrum).map(([name, spectrum]) =>
    h("li", { class: `legend-${name}` }, `${t(`spectrum.${name}`)} ${moment(spectrum.at, serverNow())}`,
      spectrum.rpm && `${t("list.dot")}${t("diagnosis.rpm", { rpm: Math.round(spectrum.rpm) })}`)));

/** The drawing in numbers: for whoever can't see it, and for whoever wants to compare. */
function table(kind, { traces, marks, top }) {
  const reach = (top / 900) * 1.5;
  const heightAt = (trace, hz) => {
    const near = trace.points.filter((point) => Math.abs(point[0] - hz) <= reach).map((point) => point[1]);
    return near.length > 0 ? value(kind, Math.max(...near)) : "–";
  };
  return h("table", { class: "figures" },
    h("thead", null, h("tr", null, h("th", { scope: "col" }, t("spectrum.line")), h("th", { scope: "col" }, "Hz"),
      traces.map((trace) => h("th", { scope: "col" }, t(`spectrum.${trace.name}`))))),
    h("tbody", null, marks.map((mark) => h("tr", null,
      h("th", { scope: "row" }, mark.name, lineName(mark.name)), h("td", null, rough(mark.hz)),
      traces.map((trace) => h("td", null, heightAt(trace, mark.hz)))))));
}

function lineName(name) {
  const key = `part.${name.replace("2×", "").toLowerCase()}`;
  return has(key) && h("span", { class: "muted" }, t(key));
}
