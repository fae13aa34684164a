// What a code of a rejection is called.

import { has, t } from "./words.js";

export const reasonOf = (code) => (has(`rejected.${code}`) ? t(`rejected.${code}`) : t("rejected.other"));
