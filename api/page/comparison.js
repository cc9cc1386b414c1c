// Two runs side by side: what was found, the figures of both with the paired differences, and what they were made with.

import { getJson } from "./client.js";
import { byId, element, toast } from "./dom.js";
import { dateAndTime, language, text } from "./texts.js";

const FIRST = ["wrong of answered", "right", "coverage"]; // shown at once; the others on demand

let shown = null; // what the server said, null while nothing is compared
let shownIn = ""; // the language it was written in

export async function compareRuns(a, b) {
  const place = byId("comparison");
  shown = null;
  place.replaceChildren(element("p", { class: "thinking" }, element("span", { class: "dots", "aria-hidden": "true" }), text("compare.working")));
  try {
    shown = await getJson(`/v1/experiments/compare?a=${encodeURIComponent(a.id)}&b=${encodeURIComponent(b.id)}`);
    shownIn = "";
    showComparison();
    place.scrollIntoView({ block: "start" });
    place.focus();
  } catch (error) {
    place.replaceChildren();
    toast(error.message);
  }
}

export function closeComparison() {
  shown = null;
  byId("comparison").replaceChildren();
}

// Called at the end of each comparison and whenever the language may have changed.
export function showComparison() {
  if (shown === null || shownIn === language) return;
  shownIn = language;
  const side = (letter, run) => [element("dt", {}, letter), element("dd", {}, `${run.name}, ${dateAndTime(run.date)}. `, element("span", { lang: "en" }, run.finding))];
  const first = shown.figures.filter((row) => FIRST.includes(row.metric));
  byId("comparison").replaceChildren(
    element("div", { class: "found-head" }, element("h2", {}, text("compare.title")),
      element("button", { type: "button", class: "quiet", onclick: closeComparison }, text("compare.close"))),
    element("dl", {}, side("A", shown.a), side("B", shown.b)),
    element("p", { class: "muted" }, shown.figures.some((row) => row.difference) ? text("compare.shared", { n: shown.shared }) : text("compare.unshared")),
    ...tables(first),
    element("details", {}, element("summary", {}, text("compare.every")), tables(shown.figures)),
    differing());
}

// A table for each language.
function tables(rows) {
  const groups = [...new Set(rows.map((row) => row.language))];
  return groups.flatMap((group) => [element("h3", {}, text(`compare.${group}`)), table(rows.filter((row) => row.language === group))]);
}

function table(rows) {
  const head = (words, kind = "") => element("th", { scope: "col", class: kind }, words);
  return element("div", { class: "wide" }, element("table", {},
    element("thead", {}, element("tr", {}, head(text("compare.figure")), head(text("compare.arm")), head("A", "number"), head("B", "number"), head(text("compare.difference"), "number"), head(text("compare.p"), "number"))),
    element("tbody", { lang: "en" }, rows.map((row) => element("tr", {},
      element("td", {}, row.metric), element("td", {}, row.arm), cell(row.a), cell(row.b), difference(row.difference), chance(row.difference))))));
}

const cell = (of) => element("td", { class: "number" }, of ? share(of.mean) : "–", of ? element("span", { class: "interval" }, of.low === null ? ` (${text("compare.alone")})` : ` [${share(of.low)}, ${share(of.high)}]`) : null);

function difference(of) {
  if (!of) return element("td", { class: "number" }, "–");
  const interval = of.low === undefined ? null : element("span", { class: "interval" }, ` [${points(of.low)}, ${points(of.high)}]`);
  return element("td", { class: "number" }, element(of.declared ? "strong" : "span", {}, points(of.value)), interval);
}

const chance = (of) => element("td", { class: "number" }, of?.p_holm === undefined ? "–" : of.p_holm < 0.0001 ? "< 0.0001" : of.p_holm.toFixed(4));
const share = (value) => value.toFixed(2);
const points = (value) => (value > 0 ? "+" : "") + (100 * value).toFixed(1);

function differing() {
  const rows = Object.entries(shown.differs);
  if (!rows.length) return element("p", { class: "muted" }, text("compare.same"));
  const words = (value) => (value === null ? "–" : Array.isArray(value) ? value.join(", ") : String(value));
  return element("details", {}, element("summary", {}, text("compare.differs")), element("div", { class: "wide" }, element("table", {},
    element("thead", {}, element("tr", {}, element("th", {}), element("th", { scope: "col" }, "A"), element("th", { scope: "col" }, "B"))),
    element("tbody", { lang: "en" }, rows.map(([name, [a, b]]) => element("tr", {}, element("th", { scope: "row" }, name), element("td", {}, words(a)), element("td", {}, words(b))))))));
}
