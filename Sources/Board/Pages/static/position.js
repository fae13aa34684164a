// Where the phone is. Asked for when a person takes a step, never before; without an answer everything still works.

import { post } from "./api.js";

let newest = null;
let watch = null;
/** "unknown", "found", "refused" or "none". */
export let state = "unknown";

/** The newest fix as the service takes it, or null; waits at most `patience` milliseconds for one. */
export function position(patience = 8000) {
  if (!navigator.geolocation || !window.isSecureContext) {
    state = "none";
    return Promise.resolve(null);
  }
  return new Promise((resolve) => {
    const fresh = newest && Date.now() - newest.fix_at < 60000;
    if (fresh) return resolve(newest);
    const lapse = setTimeout(() => resolve(newest), patience);
    navigator.geolocation.getCurrentPosition(
      (fix) => { clearTimeout(lapse); resolve(keep(fix)); },
      (error) => {
        clearTimeout(lapse);
        state = error.code === error.PERMISSION_DENIED ? "refused" : "none";
        resolve(newest);
      },
      { enableHighAccuracy: true, timeout: patience, maximumAge: 30000 });
  });
}

/** Browsers measure in WGS-84; the time is the fix's own. */
function keep({ coords, timestamp }) {
  state = "found";
  newest = { lat: coords.latitude, lon: coords.longitude, datum: "wgs84", accuracy_m: coords.accuracy,
    fix_at: Math.round(timestamp) };
  // From now on it is known that we may: keep it warm.
  watch ??= navigator.geolocation.watchPosition(keep, () => {}, { enableHighAccuracy: true, maximumAge: 30000 });
  return newest;
}

/** Tells dispatch where its owner is; nobody waits for it. */
export async function tellPosition() {
  const fix = await position();
  if (fix) await post("/api/me/position", fix).catch(() => {});
}
