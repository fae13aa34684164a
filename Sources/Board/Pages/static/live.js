// Keeps a page true: fetches again whenever the service says that something changed, and says whether it is in touch.

import { h, fill } from "./dom.js";
import { t } from "./words.js";

/** Calls `refresh` at once and after each change; polls where live updates can't be had. */
export function keepLive(refresh) {
  const lamp = document.getElementById("live");
  let isRunning = false;
  let isWanted = false;
  let poll = null;

  async function run() {
    // One at a time; a change during a fetch asks for one more.
    isWanted = true;
    if (isRunning) return;
    isRunning = true;
    while (isWanted) {
      isWanted = false;
      try {
        await refresh();
        if (lamp?.dataset.state === "away") show(poll ? "polling" : "live");
      } catch (problem) {
        console.warn(problem);
        show("away");
      }
    }
    isRunning = false;
  }

  function show(state) {
    if (!lamp || lamp.dataset.state === state) return;
    lamp.dataset.state = state;
    fill(lamp, h("span", { class: "lamp" }), h("span", { class: "lamp-text" }, t(`live.${state}`)));
  }

  const source = new EventSource("/api/events");
  source.addEventListener("open", () => {
    clearInterval(poll);
    poll = null;
    show("live");
    // The first event comes at once.
  });
  source.addEventListener("changed", run);
  source.addEventListener("error", () => {
    show("away");
    // Refused, not merely interrupted: the browser will not try again by itself.
    if (source.readyState === EventSource.CLOSED && !poll) poll = setInterval(run, 10000);
  });
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && run());
  run();
  return run;
}
