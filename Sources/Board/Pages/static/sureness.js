// How sure a finding is, in words: a wrong certainty is worse than none.

import { has, t } from "./words.js";

export const surenessOf = (confidence) => (confidence >= 0.8 ? "likely" : confidence >= 0.5 ? "possible" : "hint");

export const causeOf = (cause) => (has(`cause.${cause}`) ? t(`cause.${cause}`) : cause);

/** `likely outer race damage`. */
export const findingOf = (cause, confidence) => t(`finding.${surenessOf(confidence)}`, { cause: causeOf(cause) });
