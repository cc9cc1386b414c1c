// The view "Library": add files and addresses, watch them being read, browse, search and remove documents.

import { askWithin, forgetInScope } from "./scope.js";
import { getJson, postJson, remove, upload } from "./client.js";
import { ask, byId, element, toast } from "./dom.js";
import { groupsOf } from "./groups.js";
import { closeReader, openDocument, openReader } from "./reader.js";
import { counted, fileSize, shortDate, text } from "./texts.js";

const POLL_MS = 700;
const chosen = new Set();
let documents = [];

export function startLibrary() {
  const files = byId("files");
  byId("choose").addEventListener("click", () => files.click());
  files.addEventListener("change", () => { send([...files.files]); files.value = ""; });
  byId("url-form").addEventListener("submit", (event) => {
    event.preventDefault();
    const url = byId("url").value.trim();
    if (url) addUrl(url);
  });
  byId("find").addEventListener("input", showDocuments);
  byId("find-form").addEventListener("submit", (event) => {
    event.preventDefault();
    findInTexts(byId("find").value.trim());
  });
  byId("chosen-ask").addEventListener("click", () => askWithin(documents.filter((one) => chosen.has(one.id)).map((one) => [one.id, one.title])));
  byId("chosen-clear").addEventListener("click", () => { chosen.clear(); showChosen(); });
  byId("chosen-remove").addEventListener("click", () => removeDocuments(documents.filter((one) => chosen.has(one.id))));
  catchDrops();
}

export async function loadLibrary() {
  try {
    ({ documents } = await getJson("/v1/documents"));
  } catch (error) { toast(error.message); return; }
  byId("empty-hint").hidden = documents.length > 0;
  for (const id of chosen) if (!documents.some((one) => one.id === id)) chosen.delete(id);
  showDocuments();
}

// Called at the start and whenever the language changes.
export function showDocuments() {
  const sum = (field) => documents.reduce((total, one) => total + one[field], 0);
  byId("document-count").textContent = documents.length || "";
  byId("library-summary").textContent = documents.length
    ? [counted("documents", documents.length), counted("pages", sum("pages")), counted("passages", sum("chunks"))].join(" · ") : "";
  const words = byId("find").value.trim().toLowerCase();
  const shown = documents.filter((one) => `${one.title} ${one.sources.join(" ")}`.toLowerCase().includes(words));
  byId("documents").replaceChildren(shown.length ? table(shown)
    : element("p", { class: "muted empty" }, text(documents.length ? "library.none" : "library.empty")));
  showChosen();
}

// What is ticked, in the table that is there: one made anew would lose the focus.
function showChosen() {
  const boxes = [...byId("documents").querySelectorAll("tbody input")];
  for (const box of boxes) {
    box.checked = chosen.has(box.value);
    box.closest("tr").classList.toggle("chosen-row", box.checked);
  }
  const all = byId("documents").querySelector("thead input");
  if (all) all.checked = boxes.every((box) => box.checked);
  byId("chosen").hidden = chosen.size === 0;
  byId("chosen-count").textContent = counted("chosen", chosen.size);
}

function choose(ids, wanted) {
  for (const id of ids) if (wanted) chosen.add(id); else chosen.delete(id);
  showChosen();
}

function table(shown) {
  const all = element("input", { type: "checkbox", "aria-label": text("choose.all"), onchange: () => choose(shown.map((one) => one.id), all.checked) });
  const column = (name) => element("th", { scope: "col", class: name === "title" ? "" : "number" }, text(`column.${name}`));
  return element("table", {},
    element("thead", {}, element("tr", {}, element("th", { scope: "col" }, all), ...["title", "pages", "passages", "size", "added"].map(column), element("th", {}))),
    element("tbody", {}, shown.map(row)));
}

function row(one) {
  const box = element("input", { type: "checkbox", value: one.id, "aria-label": text("column.choose", one), onchange: () => choose([one.id], box.checked) });
  const number = (value) => element("td", { class: "number" }, value);
  return element("tr", {},
    element("td", {}, box),
    element("td", { class: "title-cell" },
      element("button", { type: "button", class: "link", onclick: () => openReader({ id: one.id }) }, one.title),
      element("span", { class: "muted source-line" }, element("span", { class: "language" }, one.language), one.sources.join(", "))),
    number(one.pages.toLocaleString()), number(one.chunks.toLocaleString()), number(fileSize(one.bytes)), number(shortDate(one.added_at)),
    element("td", {}, element("button", { type: "button", class: "quiet icon", title: text("remove"), "aria-label": text("remove.one", one), onclick: () => removeDocuments([one]) }, "✕")));
}

async function removeDocuments(gone) {
  const answer = await ask(
    element("h2", {}, text("remove.confirm")),
    element("ul", { class: "plain" }, gone.slice(0, 8).map((one) => element("li", {}, one.title)), gone.length > 8 ? element("li", {}, "…") : null),
    element("p", { class: "muted" }, text("remove.note")),
    element("div", { class: "dialog-row" },
      element("button", { value: "", class: "quiet" }, text("cancel")), element("button", { value: "ok", class: "danger" }, text("remove"))));
  if (answer !== "ok") return;
  try {
    for (const one of gone) await remove(one.id);
    toast(text("removed"));
  } catch (error) { toast(error.message); }
  forgetInScope(gone.map((one) => one.id));
  if (gone.some((one) => one.id === openDocument())) closeReader();
  await loadLibrary();
}

// ---- adding

async function send(files) {
  if (!files.length) return;
  location.hash = "#/library";
  // The next group when the one before is read: the server lets only so many wait.
  for (const group of groupsOf(files)) await sendAtOnce(group);
}

async function sendAtOnce(files) {
  const view = new JobView(files.map((file) => file.name).join(", "));
  try {
    await view.follow(await upload(files, (share) => view.progress(share * 0.2, "job.sending")));
  } catch (error) { view.fail(error.message); }
}

async function addUrl(url) {
  const view = new JobView(url);
  try {
    const { job } = await postJson("/v1/documents", { url });
    byId("url").value = "";
    await view.follow(job);
  } catch (error) { view.fail(error.message); }
}

class JobView {
  constructor(name) {
    this.bar = element("progress", { max: "1", value: 0, "aria-label": name });
    this.state = element("span", { class: "muted" }, text("job.sending"));
    this.files = element("ul", { class: "plain" });
    this.node = element("li", { class: "job" },
      element("div", { class: "job-head" }, element("strong", {}, name), this.state,
        element("button", { type: "button", class: "quiet icon", "aria-label": text("job.dismiss"), onclick: () => this.node.remove() }, "✕")),
      this.bar, this.files);
    byId("jobs").prepend(this.node);
  }

  progress(share, key) {
    this.bar.value = share;
    this.state.textContent = text(key);
  }

  fail(message) {
    this.node.classList.add("failed");
    this.bar.hidden = true;
    this.state.textContent = message;
  }

  // Polls the job until every file has been tried.
  async follow(job) {
    for (;;) {
      this.progress(0.2 + 0.8 * job.progress, `job.${job.state}`);
      this.files.replaceChildren(...job.results.map(fileLine));
      if (job.state === "done" || job.state === "failed") break;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      job = await getJson(`/v1/jobs/${job.id}`);
    }
    if (job.state === "failed") this.fail(job.error);
    this.bar.hidden = true;
    await loadLibrary();
  }
}

function fileLine(result) {
  const error = result.error.startsWith(result.file) ? result.error.slice(result.file.length).replace(/^:\s*/, "") : result.error;
  const figures = error || [result.pages && counted("pages", result.pages), result.chunks && counted("passages", result.chunks)].filter(Boolean).join(", ");
  return element("li", { class: `file ${result.status}` },
    element("span", { class: "status" }, text(`file.${result.status}`)), ` ${result.file} `, element("span", { class: "muted" }, figures),
    result.warnings.map((warning) => element("span", { class: "warning" }, warning)));
}

// Files may be dropped anywhere on the page.
function catchDrops() {
  const veil = byId("drop-veil");
  let depth = 0;
  const files = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
  addEventListener("dragenter", (event) => { if (files(event)) { depth += 1; veil.hidden = false; } });
  addEventListener("dragleave", (event) => { if (files(event) && --depth <= 0) { depth = 0; veil.hidden = true; } });
  addEventListener("dragover", (event) => { if (files(event)) event.preventDefault(); });
  addEventListener("drop", (event) => {
    if (!files(event)) return;
    event.preventDefault();
    depth = 0;
    veil.hidden = true;
    send([...event.dataTransfer.files]);
  });
}

// ---- searching the texts

async function findInTexts(query) {
  const found = byId("found");
  if (!query) { found.replaceChildren(); return; }
  let hits;
  try {
    ({ hits } = await postJson("/v1/search", { query, top_k: 10, documents: [...chosen] }));
  } catch (error) { toast(error.message); return; }
  const rows = hits.map((hit) => element("li", {}, element("button", { type: "button", class: "hit", onclick: () => openReader({ id: hit.document_id, page: hit.page, marks: [hit] }) },
    element("span", { class: "source-title" }, hit.title, element("span", { class: "source-page" }, text("page", hit))),
    element("span", { class: "hit-text" }, hit.text.replace(/\s+/g, " ").slice(0, 260)))));
  found.replaceChildren(
    element("div", { class: "found-head" }, element("h2", {}, text("find.results", { query })),
      element("button", { type: "button", class: "quiet", onclick: () => found.replaceChildren() }, text("find.close"))),
    rows.length ? element("ol", { class: "hits" }, rows) : element("p", { class: "muted" }, text("find.none")));
}
