// What the reader may do to a ticket now. The service says what it would take; this offers that and no more.

import { h, icon, fill } from "./dom.js";
import { post, Problem } from "./api.js";
import { t } from "./words.js";

const plain = ["accept", "en_route", "arrived", "parts_arrived"];
const worded = ["decline", "awaiting_parts", "done", "comment", "override", "cancel"];
const needsText = new Set(["comment", "override", "cancel"]);
const icons = {
  accept: "check", en_route: "en_route", arrived: "pin", parts_arrived: "awaiting_parts", decline: "cross",
  awaiting_parts: "awaiting_parts", done: "wrench", comment: "comment", override: "closed", cancel: "cancelled",
};

/** Sends one action and returns the ticket as it is then. */
export const perform = (ticket, action, text = "") =>
  post(`/api/tickets/${ticket.ticket}/actions`, { action, epoch: ticket.epoch, text });

export function drawDeeds(parent, ticket, done) {
  const print = JSON.stringify([ticket.actions, ticket.epoch]);
  if (parent.dataset.print === print) return;
  parent.dataset.print = print;
  if (ticket.actions.length === 0) {
    const isAnonymous = document.documentElement.dataset.role === "anonymous";
    return fill(parent, isAnonymous && h("p", { class: "muted" },
      h("a", { href: `/signin?next=/t/${ticket.ticket}` }, t("deeds.sign_in"))));
  }
  const fault = h("p", { class: "fault", role: "alert", hidden: true });
  const send = (action, text) => attempt(fault, async () => {
    // Draw afresh even where the same actions are left.
    parent.dataset.print = "";
    done(await perform(ticket, action, text));
  });
  const isSupervisor = document.documentElement.dataset.role === "supervisor";
  const steps = plain.filter((name) => ticket.actions.includes(name))
    .map((name) => h("button", { class: "button", type: "button", onclick: once(() => send(name)) }, icon(icons[name]),
      t(`action.${name}`)));
  const forms = worded.filter((name) => ticket.actions.includes(name)).map((name) => wordedForm(name, send));
  fill(parent, fault, isSupervisor && steps.length > 0 && h("p", { class: "muted" }, t("deeds.on_behalf")),
    steps.length > 0 && h("div", { class: "deed-row" }, steps), forms);
}

/** An action with words: closed until asked for, so that nobody cancels by a slip. */
export function wordedForm(name, send, options = {}) {
  const field = h("textarea", {
    rows: 2, maxlength: 2000, required: needsText.has(name), "aria-label": t(`action.${name}.text`),
      placeholder: t(`action.${name}.text`),
  });
  const button = h("button", { class: `button ${["override", "cancel"].includes(name) ? "danger" : "primary"}`,
    type: "submit" }, t(`action.${name}.send`));
  const form = h("form", {
    onsubmit: async (event) => {
      event.preventDefault();
      button.disabled = true;
      try { await send(name, field.value.trim()); } finally { button.disabled = false; }
    },
  }, options.choices?.map((text) => h("button",
    { class: "chip", type: "button", onclick: () => { field.value = text; } }, text)), field, button);
  return h("details", { class: `deed deed-${name}` },
    h("summary", { class: "button" }, icon(icons[name]), t(`action.${name}`)), form);
}

/** A button that can't be pressed twice while its first press is under way. */
export const once = (work) => async (event) => {
  const button = event.currentTarget;
  button.disabled = true;
  try { await work(); } finally { button.disabled = false; }
};

/** Runs `work`; says in `place` what went wrong. */
export async function attempt(place, work) {
  place.hidden = true;
  try {
    await work();
  } catch (problem) {
    place.textContent = problem instanceof Problem ? problem.sentence : t("error.broken");
    place.hidden = false;
    place.scrollIntoView({ block: "nearest" });
  }
}
