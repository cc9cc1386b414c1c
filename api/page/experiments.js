// The view "Experiments": start one, watch runs and stop them, open their reports, choose two to compare. The server
// does the work; this asks how far it is while the view is open.

import { getJson, hasKey, openPage, postJson, request, save } from "./client.js";
import { closeComparison, compareRuns, showComparison } from "./comparison.js";
import { byId, element, toast } from "./dom.js";
import { limitOf } from "./limits.js";
import { isMoving, nextLook } from "./looks.js";
import { loadRecorded, recordedOf } from "./recorded.js";
import { dateAndTime, duration, text } from "./texts.js";

const views = new Map(); // run id -> RunView: kept from one look to the next, so that the focus stays where it is
const chosen = new Set(); // ids of the runs to compare, two at most
let shipped = [];
let runs = [];
let timer = 0;
let open = false; // the view
let looked = false; // at least once
let written = false; // something into the field of the limit
let failing = false; // the last look: said once, not every few seconds

export function startExperiments() {
  const file = byId("experiment-file");
  byId("experiment-choose").addEventListener("click", () => file.click());
  file.addEventListener("change", async () => {
    const words = await file.files[0]?.text();
    file.value = "";
    if (words !== undefined) start({ definition: words.trimStart().startsWith("{") ? parsed(words) : words, ...limit(true) });
  });
  byId("experiment-limit").addEventListener("input", () => { written = true; });
  byId("runs-compare").addEventListener("click", () => compareRuns(...inOrder()));
  byId("runs-clear").addEventListener("click", () => { chosen.clear(); closeComparison(); showExperiments(); });
  document.addEventListener("visibilitychange", () => { if (open && !document.hidden) loadExperiments(); });
}

// Looks at once, and again as long as the view is seen (looks.js).
export async function loadExperiments() {
  open = true;
  clearTimeout(timer);
  let status;
  try {
    if (!looked) await loadRecorded();
    ({ shipped, runs } = await getJson("/v1/experiments"));
    showExperiments();
    if (!looked) byId("offers").open = runs.length === 0;
    looked = true;
    failing = false;
  } catch (error) {
    if (!failing) toast(error.message);
    failing = true;
    status = error.status ?? 0;
  }
  clearTimeout(timer);
  const pause = nextLook({ open, hidden: document.hidden, runs, status });
  if (pause !== null) timer = setTimeout(loadExperiments, pause);
}

export function leaveExperiments() {
  open = failing = false;
  clearTimeout(timer);
}

// Called after each look and whenever the language changes.
export function showExperiments() {
  // Made anew only when they change, like the buttons below.
  if (byId("shipped").childElementCount !== shipped.length || byId("shipped").lang !== document.documentElement.lang) {
    byId("shipped").lang = document.documentElement.lang;
    byId("shipped").replaceChildren(...shipped.map(offer));
  }
  const ids = new Set(runs.map((run) => run.id));
  for (const id of [...views.keys()]) if (!ids.has(id)) { views.get(id).node.remove(); views.delete(id); }
  for (const id of chosen) if (!ids.has(id)) chosen.delete(id);
  runs.forEach((run, index) => {
    if (!views.has(run.id)) views.set(run.id, new RunView());
    const { node } = views.get(run.id);
    if (byId("runs").children[index] !== node) byId("runs").insertBefore(node, byId("runs").children[index] ?? null);
    views.get(run.id).show(run);
  });
  byId("runs-empty").hidden = runs.length > 0;
  byId("runs-chosen").hidden = chosen.size === 0;
  byId("runs-chosen-count").textContent = chosen.size === 2 ? inOrder().map(label).join(" · ") : text("experiments.choose.two");
  byId("runs-compare").disabled = chosen.size !== 2;
  showComparison();
}

function offer(one) {
  return element("li", {},
    element("div", {}, element("span", { class: "experiment-name" }, one.name),
      element("p", { class: "asks", lang: "en" }, one.question),
      element("span", { class: "run-figures", lang: "en" }, one.arms.join(" · ")), recordedOf(one.name)),
    element("button", { type: "button", "aria-label": text("experiments.start.one", one), onclick: () => start({ name: one.name, ...limit(false) }) }, text("experiments.start")));
}

const limit = (isFile) => limitOf({ value: byId("experiment-limit").value, written, isFile });
const inOrder = () => runs.filter((run) => chosen.has(run.id)).reverse(); // the older one is A
const label = (run, index) => `${"AB"[index]}: ${run.name}, ${dateAndTime(run.created_at)}`;

// A JSON definition as an object; one that is not JSON goes as it is, and the server says what is wrong with it.
function parsed(words) {
  try { return JSON.parse(words); } catch { return words; }
}

async function start(body) {
  try {
    const { run } = await postJson("/v1/experiments", body);
    toast(text("experiments.started", run));
    await loadExperiments();
    byId("offers").open = false; // the runs are below it
    views.get(run.id)?.node.focus();
  } catch (error) { toast(error.message); }
}

async function stop(run) {
  try {
    await request("DELETE", `/v1/experiments/${encodeURIComponent(run.id)}`);
  } catch (error) { toast(error.message); }
  await loadExperiments();
}

class RunView {
  constructor() {
    this.box = element("input", { type: "checkbox", onchange: () => this.choose() });
    this.title = element("strong");
    this.state = element("span");
    this.figures = element("span", { class: "run-figures" });
    this.asks = element("p", { class: "muted", lang: "en" });
    this.bar = element("progress", { max: "1" });
    this.words = element("p", { lang: "en" });
    this.actions = element("div", { class: "run-actions" });
    this.node = element("li", { class: "job run", tabindex: "-1" },
      element("div", { class: "run-head" }, this.box, this.title, this.state, this.figures), this.asks, this.bar, this.words, this.actions);
  }

  show(run) {
    this.run = run;
    this.title.textContent = run.name;
    this.box.hidden = run.report === null;
    this.box.checked = chosen.has(run.id);
    this.box.setAttribute("aria-label", text("run.choose", { name: run.name, date: dateAndTime(run.created_at) }));
    this.state.textContent = text(run.state === "running" && !run.total ? "run.loading" : `run.${run.state}`);
    this.state.className = `run-state ${run.state}`;
    this.figures.textContent = figures(run);
    this.asks.textContent = run.question;
    this.bar.hidden = !isMoving(run);
    this.bar.setAttribute("aria-label", run.name);
    const share = run.total ? run.progress : run.to_prepare ? run.prepared / run.to_prepare : null;
    if (run.state === "running" && share === null) this.bar.removeAttribute("value");
    else this.bar.value = share ?? 0;
    this.words.textContent = run.error || run.finding;
    this.words.className = run.error ? "error" : "finding";
    // Buttons are made anew only when they change: a button that is replaced loses the focus.
    const kind = `${run.state} ${run.report} ${hasKey()} ${document.documentElement.lang}`;
    if (kind !== this.kind) this.actions.replaceChildren(...actions(run));
    this.kind = kind;
  }

  choose() {
    if (!this.box.checked) chosen.delete(this.run.id);
    else if (chosen.size < 2) chosen.add(this.run.id);
    else toast(text("experiments.choose.two"));
    showExperiments();
  }
}

function figures(run) {
  const parts = [dateAndTime(run.created_at)];
  if (run.limit) parts.push(text("run.limit", run));
  if (run.seed) parts.push(text("run.seed", run));
  if (run.total) parts.push(text("run.answers", run));
  else if (run.state === "running" && run.to_prepare) parts.push(text("run.passages", run));
  if (run.cached) parts.push(text("run.cached", run));
  if (run.state === "running" && run.remaining_seconds !== null) parts.push(text("run.remaining", { time: duration(run.remaining_seconds) }));
  return parts.join(" · ");
}

function actions(run) {
  const button = (key, work, spoken = key) => element("button", { type: "button", "aria-label": text(spoken, run), onclick: work }, text(key));
  const found = [];
  if (run.report) {
    // A link does not carry the key: where there is one, the server is asked for an address that needs none.
    found.push(hasKey() ? button("run.report", () => openPage(run.report).catch((error) => toast(error.message)))
      : element("a", { href: run.report, target: "_blank", rel: "noopener" }, text("run.report")));
    found.push(button("run.save", () => save(run.report, `${run.name}.html`).catch((error) => toast(error.message))));
  }
  if (run.state === "queued" || run.state === "running") found.push(button("run.stop", () => stop(run), "run.stop.one"));
  if (run.state === "stopped") found.push(button("run.again", () => start(run.request), "run.again.one"));
  if (run.state === "failed") found.push(button("run.retry", () => start(run.request)));
  if (run.state === "stopped" || run.state === "failed") found.push(button("run.dismiss", () => stop(run)));
  return found;
}
