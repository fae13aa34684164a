// The form for planned work: what, why, until when. A whole site is never chosen by default: that silences the most.

import { h, icon, fill } from "./dom.js";
import { get, post, serverNow } from "./api.js";
import { moment, nameOf, t } from "./words.js";
import { attempt } from "./deeds.js";

const HOUR = 3600000;
const spans = [1, 4, 8, 24];
const shift = 8;
const whole = "*";
let sites = null;

/** Asks, and hands on the list as it is then. */
export async function openPlanForm(done) {
  const dialog = h("dialog", { class: "plan", "aria-labelledby": "plan-title" });
  const close = () => dialog.close();
  dialog.addEventListener("close", () => dialog.remove());
  // Beside the form: the page behind says the same.
  dialog.addEventListener("click", (event) => event.target === dialog && close());
  const fault = h("p", { class: "fault", role: "alert", hidden: true });
  fill(dialog, h("h2", { id: "plan-title" }, t("planned.title")), h("p", { class: "muted" }, t("planned.lead")), fault);
  document.body.append(dialog);
  dialog.showModal();
  await attempt(fault, async () => {
    sites = (await get("/api/assets")).sites;
    dialog.append(formOf(fault, close, done));
    dialog.querySelector("select").focus();
  });
}

function formOf(fault, close, done) {
  const warning = h("p", { class: "hint", hidden: true }, icon("warning"), t("planned.site_warning"));
  const machine = h("select", { required: true, onchange: () => { warning.hidden = machine.value !== whole; } });
  const site = h("select", { required: true, onchange: () => offer() },
    sites.length > 1 && h("option", { value: "" }, t("planned.choose")),
    sites.map((one) => h("option", { value: one.site }, nameOf(one.name, one.site))));
  function offer() {
    const assets = sites.find((one) => one.site === site.value)?.assets ?? [];
    fill(machine, h("option", { value: "" }, t("planned.choose")),
      assets.map((one) => h("option", { value: one.asset }, `${nameOf(one.name, one.asset)} ${one.asset}`)),
      site.value && h("option", { value: whole }, t("planned.all_machines")));
    machine.disabled = !site.value;
    warning.hidden = true;
  }
  offer();
  const reason = h("textarea", { rows: 2, maxlength: 2000, required: true });
  const chips = ["service", "trial", "cleaning"].map((name) => h("button", { class: "chip", type: "button",
    onclick: () => { reason.value = t(`planned.reason.${name}`); } }, t(`planned.reason.${name}`)));
  const time = untilOf();
  const send = h("button", { class: "button primary big", type: "submit" }, t("planned.start"));
  return h("form", {
    onsubmit: async (event) => {
      event.preventDefault();
      const place = machine.value === whole ? { site: site.value } : { asset: machine.value };
      send.disabled = true;
      await attempt(fault, async () => {
        done(await post("/api/planned-work", { ...place, reason: reason.value.trim(), until: time.value() }));
        close();
      });
      send.disabled = false;
    },
  }, h("label", null, t("planned.site"), site), h("label", null, t("planned.machine"), machine), warning,
  h("div", null, h("label", null, t("planned.reason"), reason), h("div", { class: "deed-row" }, chips)), time.node,
  h("div", { class: "plan-deeds" }, h("button", { class: "button", type: "button", onclick: close },
    t("planned.close")), send));
}

/** A few spans and any other moment. */
function untilOf() {
  const ends = h("output", { class: "muted" });
  const field = h("input", { type: "datetime-local", "aria-label": t("planned.other_time"), onchange: () => tell() });
  const radio = (value, word) => h("label", { class: "choice" }, h("input", { type: "radio", name: "span", value,
    checked: value === "4", onchange: () => tell() }), h("span", null, word));
  const node = h("fieldset", { class: "until" }, h("legend", null, t("planned.how_long")),
    h("div", { class: "choices" }, spans.map((n) => radio(String(n), t(n === shift ? "planned.shift" : "planned.hours",
      { n }))), radio("other", t("planned.other"))), field, ends);
  const chosen = () => node.querySelector("input[type=radio]:checked").value;
  const value = () => (chosen() === "other" ? new Date(field.value).getTime() : serverNow() + chosen() * HOUR);
  function tell() {
    const isOther = chosen() === "other";
    field.hidden = !isOther;
    field.required = isOther;
    if (isOther && !field.value) field.value = local(serverNow() + shift * HOUR);
    field.min = local(serverNow());
    const until = value();
    ends.textContent = Number.isFinite(until) ? t("planned.ends", { until: moment(until, serverNow()) }) : "";
  }
  tell();
  return { node, value: () => Math.round(value()) };
}

/** The reader's own clock, as the field wants it. */
function local(milliseconds) {
  const shifted = new Date(milliseconds - new Date(milliseconds).getTimezoneOffset() * 60000);
  return shifted.toISOString().slice(0, 16);
}
