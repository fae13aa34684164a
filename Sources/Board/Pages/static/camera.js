// One big button: take a photo. Worker, time, place and ticket fill themselves in; the upload starts at once.

import { h, icon, fill } from "./dom.js";
import { Problem, upload } from "./api.js";
import { rough, t } from "./words.js";
import { position, state } from "./position.js";

/** The button for a ticket, with its uploads below. `done` is called after each photo that has arrived. */
export function photoButton(ticket, done) {
  const input = h("input", { type: "file", accept: "image/jpeg", capture: "environment", id: `photo-${ticket}`,
    class: "visually-hidden" });
  const rows = h("ul", { class: "uploads", "aria-live": "polite" });
  input.addEventListener("change", () => {
    for (const file of input.files) rows.prepend(start(file, ticket, done));
    input.value = "";
  });
  // Asking early gives the receiver the time that the camera takes.
  input.addEventListener("click", () => { position(); });
  return h("div", { class: "camera" }, input,
    h("label", { class: "button big photo-button", for: input.id }, icon("camera"), t("phone.photo")), rows);
}

function start(file, ticket, done) {
  const picture = URL.createObjectURL(file);
  const bar = h("progress", { max: 1, value: 0, "aria-label": t("photo.sending") });
  const text = h("p", null, t("photo.locating"));
  const place = h("p", { class: "muted" });
  const again = h("button", { class: "button", type: "button", hidden: true }, icon("again"), t("photo.again"));
  const row = h("li", null, h("img", { src: picture, alt: "" }), h("div", null, text, bar, place, again));
  // One name for all tries: the service knows a repeat as one.
  const name = uploadName();

  async function send() {
    again.hidden = true;
    row.className = "";
    try {
      const fix = await position();
      fill(place, fix ? icon("pin") : icon("nopin"),
        fix ? t("photo.position", { accuracy: rough(fix.accuracy_m) })
        : t(state === "refused" ? "photo.position_refused" : "photo.position_none"));
      text.textContent = t("photo.sending");
      const { position_problem: lost } = await upload("/api/photos", form(file, ticket, name, fix), (share) => { bar.value = share; });
      text.textContent = lost ? `${t("photo.arrived")} ${new Problem(lost).sentence}` : t("photo.arrived");
      bar.value = 1;
      row.className = "arrived";
      done();
    } catch (problem) {
      text.textContent = problem instanceof Problem ? problem.sentence : t("error.broken");
      row.className = "failed";
      again.hidden = false;
    }
  }
  again.addEventListener("click", send);
  send();
  return row;
}

function form(file, ticket, name, fix) {
  const form = new FormData();
  form.append("ticket", ticket);
  form.append("upload", name);
  form.append("captured_at", file.lastModified);
  for (const [field, value] of Object.entries(fix ?? {})) form.append(field, value);
  form.append("file", file, "photo.jpg");
  return form;
}

/** `crypto.randomUUID` is there over HTTPS only; this is everywhere. */
function uploadName() {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return `phone-${[...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}
