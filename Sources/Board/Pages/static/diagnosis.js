// What a waveform said of the machine: what may be wrong, what speaks for it, what to bring, and how far to believe it.

import { h, icon, fill } from "./dom.js";
import { count, has, nameOf, number, rough, t, withUnit } from "./words.js";
import { at } from "./parts.js";
import { causeOf, surenessOf } from "./sureness.js";

export function drawDiagnosis(parent, { diagnosis }) {
  const print = JSON.stringify(diagnosis);
  if (parent.dataset.print === print) return;
  parent.dataset.print = print;
  if (!diagnosis) return fill(parent);
  // The service ranks them; a list that came unsorted must not mislead all the same.
  const findings = [...diagnosis.findings ?? []].sort((a, b) => b.confidence - a.confidence);
  const doubts = diagnosis.doubts ?? [];
  fill(parent,
    h("p", { class: "muted diagnosis-of" }, basis(diagnosis)),
    findings.length > 0
      ? [h("ol", { class: "findings" }, findings.map((finding, index) => findingRow(finding, index))),
        h("p", { class: "muted" }, t("diagnosis.lead"))]
      : verdict(diagnosis.verdict === "clean" ? "clean" : "unknown"),
    doubts.length > 0 && h("div", { class: "doubts" }, h("h3", null, t("diagnosis.doubts")),
      h("ul", null, doubts.map((code) => h("li", null, icon("warning"), h("span", null, doubt(code)))))));
}

/** Which record it rests on. */
function basis(diagnosis) {
  const [before, after] = t("diagnosis.of",
    { place: nameOf(diagnosis.place, diagnosis.point), point: diagnosis.point, time: "\n" }).split("\n");
  const isNominal = diagnosis.speed_source === "nominal";
  const facts = [
    diagnosis.rpm && t(isNominal ? "diagnosis.rpm_nominal" : "diagnosis.rpm", { rpm: Math.round(diagnosis.rpm) }),
    diagnosis.bearing && t("diagnosis.bearing", { bearing: diagnosis.bearing }),
    typeof diagnosis.velocity === "number"
      && t("diagnosis.velocity", { value: withUnit(diagnosis.velocity, "velocity_rms_mm_s") }),
  ].filter(Boolean);
  return [before, at(diagnosis.at), after, facts.map((fact) => [t("list.dot"), fact])];
}

function findingRow(finding, index) {
  const sureness = surenessOf(finding.confidence);
  const tools = finding.bring ?? [];
  return h("li", { class: `finding finding-${sureness}` },
    h("div", { class: "finding-head" },
      h("h3", null, h("span", { class: "finding-rank", "aria-hidden": "true" }, index + 1),
        h("span", { class: "finding-cause" }, causeOf(finding.cause))),
      h("span", { class: "sureness" }, h("span", { class: "sureness-bar", "aria-hidden": "true",
        style: { "--sure": finding.confidence } }), t(`sure.${sureness}`))),
    h("ul", { class: "evidence" }, (finding.evidence ?? []).map((item) => sentence(item)).filter(Boolean)
      .map((text) => h("li", null, text))),
    // Nobody carries a bearing for a hint.
    tools.length > 0 && sureness !== "hint" && h("div", { class: "bring" },
      h("span", { class: "bring-title" }, t(sureness === "likely" ? "diagnosis.bring" : "diagnosis.consider")),
      h("ul", null, tools.map((tool) => h("li", null, has(`tool.${tool}`) ? t(`tool.${tool}`) : tool)))));
}

/** What speaks for it; nothing for a kind that this page does not know. */
function sentence(item) {
  switch (item.kind) {
    case "line": {
      const values = { line: has(`line.${item.line}`) ? t(`line.${item.line}`) : item.line, hz: rough(item.hz),
        ratio: count(item.ratio), harmonics: item.harmonics };
      return t(item.harmonics > 1 ? "evidence.line_harmonics" : "evidence.line", values);
    }
    case "order": return t("evidence.order", { order: item.order, share: count(item.share * 100) });
    case "harmonics": return t("evidence.harmonics", { count: item.count });
    case "mains": return t("evidence.mains", { hz: rough(item.hz) });
    case "high_frequency":
      return t("evidence.high_frequency", { rms: number(item.rms), times: rough(item.times) });
    default: return null;
  }
}

const verdict = (name) => h("div", { class: "verdict" }, icon(name === "clean" ? "check" : "diagnosing"),
  h("div", null, h("h3", null, t(`diagnosis.${name}`)), h("p", null, t(`diagnosis.${name}_text`))));

const doubt = (code) => (has(`doubt.${code}`) ? t(`doubt.${code}`) : t("doubt.other", { code }));
