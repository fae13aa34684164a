// Talks to the service, keeps its clock, and turns its problems into sentences.

import { has, isOfPoint, number, t, unitOf, measureOf } from "./words.js";

/** What the service refused, with the code and the values to word it. */
export class Problem extends Error {
  constructor(body) {
    super(body.title ?? "");
    this.code = body.code ?? "offline";
    this.values = body.values ?? {};
  }

  get sentence() {
    const values = { ...this.values };
    const { rule, field } = values;
    const special = `error.${this.code}.${isOfPoint(rule) ? rule : field}`;
    const key = has(special) ? special : `error.${this.code}`;
    if (!has(key)) return this.message || t("error.broken");
    if (values.measure) {
      Object.assign(values, { unit: unitOf(values.measure, rule), measure: measureOf(values.measure, rule) });
    }
    if (has(`field.${field}`)) values.field = t(`field.${field}`);
    if (values.value) values.value = number(values.value);
    if (values.clear) values.clear = number(values.clear);
    if (values.state) values.state = t(`state.${values.state}`);
    return t(key, values);
  }
}

// The service's clock may be offset from ours, and in a demonstration it may run faster.
let first = null;
let last = null;
let rate = 1;

function keepTime(now) {
  const here = performance.now();
  first ??= { now, here };
  last = { now, here };
  if (here - first.here > 3000) {
    const seen = (now - first.now) / (here - first.here);
    rate = Math.abs(seen - 1) < 0.05 ? 1 : seen;
  }
}

/** The service's time now, epoch milliseconds. */
export const serverNow = () => (last ? last.now + (performance.now() - last.here) * rate : Date.now());

async function answer(request) {
  let response;
  try {
    response = await request;
  } catch {
    throw new Problem({ code: "offline" });
  }
  if (response.status === 204) return null;
  const body = await response.json().catch(() => ({}));
  if (!response.ok) throw new Problem(body);
  if (body.now) keepTime(body.now);
  return body;
}

export const get = (path) => answer(fetch(path, { credentials: "same-origin" }));

export const post = (path, body) =>
  answer(fetch(path, {
    method: "POST", credentials: "same-origin", headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  }));

/** Sends a form, telling how far it is (0…1): fetch can't. */
export function upload(path, form, onProgress) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", path);
    request.responseType = "json";
    request.upload.addEventListener("progress",
      (event) => event.lengthComputable && onProgress(event.loaded / event.total));
    request.addEventListener("load", () =>
      request.status < 300 ? resolve(request.response) : reject(new Problem(request.response ?? {})));
    request.addEventListener("error", () => reject(new Problem({ code: "offline" })));
    request.send(form);
  });
}
