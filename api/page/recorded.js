// What a shipped experiment came to when it was recorded: the finding at once, its figures when they are asked for.

import { getJson, hasKey } from "./client.js";
import { element, toast } from "./dom.js";
import { text } from "./texts.js";

const SHOWN = ["right", "wrong of answered", "coverage"];
let heads = new Map(); // name -> head

export async function loadRecorded() {
  try {
    heads = new Map((await getJson("/v1/experiments/recorded")).recorded.map((head) => [head.name, head]));
  } catch (error) { toast(error.message); }
}

// The recorded result of an experiment, or null.
export function recordedOf(name) {
  const head = heads.get(name);
  if (!head) return null;
  const place = element("div", { class: "wide" });
  const open = async (event) => {
    if (!event.target.open || place.childElementCount) return;
    try { place.replaceChildren(table(await getJson(head.figures))); } catch (error) { toast(error.message); }
  };
  return element("details", { class: "recorded", ontoggle: open },
    element("summary", {}, text("recorded", { date: head.date.slice(0, 10), n: head.questions })),
    element("p", { lang: "en" }, head.finding), place,
    // A link does not carry the key.
    hasKey() ? null : element("a", { href: head.figures, target: "_blank", rel: "noopener" }, text("recorded.figures")));
}

// Arms as rows, over all questions.
function table(record) {
  const cells = record.estimates.all;
  const share = (of) => element("td", { class: "number" }, of ? of.mean.toFixed(2) : "–");
  return element("table", { lang: "en" },
    element("thead", {}, element("tr", {}, element("th", {}), SHOWN.map((name) => element("th", { scope: "col", class: "number" }, name)))),
    element("tbody", {}, record.experiment.arms.map((arm) => element("tr", {},
      element("th", { scope: "row" }, arm.name), SHOWN.map((name) => share(cells[arm.name][name]))))));
}
