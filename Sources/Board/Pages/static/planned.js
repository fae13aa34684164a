// Planned work: who silences what, why and until when. A strip over the board, a banner on the ticket.

import { h, icon, fill, reconcile } from "./dom.js";
import { post, serverNow } from "./api.js";
import { moment, nameOf, t } from "./words.js";
import { at } from "./parts.js";
import { attempt } from "./deeds.js";
import { openPlanForm } from "./planform.js";

const isWriter = ["supervisor", "engineer"].includes(document.documentElement.dataset.role);
const fault = h("p", { class: "fault", role: "alert", hidden: true });
const list = h("ul", { class: "planned-list" });
const ended = h("ul", { class: "planned-list" });
const endedWord = h("summary", { class: "muted" });
const endedPart = h("details", { class: "planned-ended" }, endedWord, ended);
let known = [];

export const plannedStrip = h("section", { class: "planned", "aria-label": t("planned.title"), hidden: true },
  fault, list, endedPart);

/** Nothing for whoever may only look. */
export const plannedButton = () => isWriter && h("button", { class: "button planned-open", type: "button",
  onclick: () => openPlanForm(drawPlanned) }, icon("calendar"), t("planned.open"));

const isOver = (work) => work.ended_at != null || work.until <= serverNow();

export function drawPlanned({ work }) {
  known = work ?? known;
  const live = known.filter((one) => !isOver(one)).map((one) => ({ ...one, isOn: one.from <= serverNow() }));
  const over = known.filter(isOver);
  reconcile(list, live.sort((a, b) => b.isOn - a.isOn || a.until - b.until), (one) => `work-${one.id}`, rowOf);
  reconcile(ended, over, (one) => `work-${one.id}`, rowOf);
  endedWord.textContent = t("planned.ended", { n: over.length });
  endedPart.hidden = over.length === 0;
  plannedStrip.hidden = known.length === 0;
}

// What ends by itself changes nothing that the service would tell of.
setInterval(() => known.length > 0 && drawPlanned({ work: known }), 20000);

function rowOf(work) {
  const hasEnded = isOver(work);
  return h("li", { class: `planned-work ${work.isOn ? "on" : ""}` },
    icon("calendar"),
    h("div", { class: "planned-what" },
      h("p", null, h("strong", null, placeOf(work)), " ", work.asset && h("span", { class: "muted code" }, work.asset),
        work.isOn === false && h("span", { class: "badge" }, t("planned.coming"))),
      h("p", { class: "planned-reason" }, work.reason),
      h("p", { class: "muted" }, hasEnded ? around("planned.ended_at", "at", work.ended_at ?? work.until)
        : work.isOn ? around("planned.until", "until", work.until)
          : t("planned.span", { from: moment(work.from, serverNow()), until: moment(work.until, serverNow()) }),
      t("list.dot"), t("planned.by", { actor: actorOf(work) }))),
    !hasEnded && isWriter && endButton(work));
}

/** A sentence with a time of ours in it. */
function around(key, name, milliseconds) {
  const [before, after] = t(key, { [name]: "\n" }).split("\n");
  return [before, at(milliseconds), after];
}

const placeOf = (work) => (work.asset ? nameOf(work.asset_name, work.asset)
  : `${nameOf(work.site_name, work.site)}${t("list.dot")}${t("planned.whole")}`);

function actorOf({ by, by_name: name }) {
  return by?.startsWith("engineer:") ? nameOf(name, by.slice(9)) : t("actor.supervisor");
}

/** Pressed twice: an end by a slip would open the tickets that were to stay away. */
function endButton(work) {
  const word = t(work.isOn ? "planned.end" : "planned.call_off");
  let isSure = false;
  const ask = (sure) => {
    isSure = sure;
    button.textContent = sure ? t("planned.sure") : word;
    button.classList.toggle("danger", sure);
  };
  const button = h("button", { class: "button", type: "button", onblur: () => ask(false), onclick: async () => {
    if (!isSure) return ask(true);
    button.disabled = true;
    await attempt(fault, async () => drawPlanned(await post(`/api/planned-work/${work.id}/end`, {})));
    button.disabled = false;
    ask(false);
  } }, word);
  return button;
}

/** On a ticket whose machine is being worked on. */
export const plannedBanner = (work) => work && h("div", { class: "planned-banner" }, icon("calendar"),
  h("div", null,
    h("p", null, h("strong", null, around("planned.banner", "until", work.until)), t("list.dot"), work.reason),
    h("p", null, !work.asset && `${placeOf(work)}${t("list.dot")}`, t("planned.banner_text"))));
