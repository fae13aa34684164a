// A photo on a ticket: the stamped copy, the untouched original, and what is known of both.

import { h, icon } from "./dom.js";
import { nameOf, rough, t } from "./words.js";
import { at } from "./parts.js";

export function photoOf(photo) {
  const original = `/api/photos/${photo.id}/original`;
  const shown = photo.stamped ? `/api/photos/${photo.id}/stamped` : original;
  const status = photo.stamped ? null : photo.refused
    ? h("span", { class: "late" }, icon("warning"), t("photo.refused", { code: photo.refused }))
    : h("span", { class: "muted" }, icon("clock"), t("photo.waiting"));
  return h("figure", { class: "photo" },
    h("a", { href: shown, target: "_blank", rel: "noopener" },
      h("img", { src: shown, loading: "lazy",
        alt: t("photo.alt", { n: photo.id, name: nameOf(photo.engineer_name, t("actor.supervisor")) }) })),
    h("figcaption", null,
      h("div", null, h("strong", null, nameOf(photo.engineer_name, t("actor.supervisor"))), " ",
        at(photo.captured_at ?? photo.received_at)),
      h("div", { class: "muted" }, place(photo)),
      status,
      h("div", { class: "photo-foot" },
        h("a", { href: original, target: "_blank", rel: "noopener" }, t("photo.original")),
        h("span", { class: "code muted", title: `SHA-256 ${photo.sha256}` }, photo.sha256.slice(0, 12), "…"))));
}

function place(photo) {
  if (photo.lat === null) return [icon("nopin"), t("photo.no_position")];
  return [icon("pin"), `${photo.lat.toFixed(5)}, ${photo.lon.toFixed(5)}`,
    photo.accuracy_m !== null && ` ±${rough(photo.accuracy_m)} m`];
}
