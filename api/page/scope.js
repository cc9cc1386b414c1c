// The documents that questions stay within; none chosen means all of them.

import { getJson } from "./client.js";
import { ask, byId, element, toast } from "./dom.js";
import { counted, text } from "./texts.js";

export const scope = new Map(); // document id -> title

// Limits further questions to the documents: [[id, title], ...].
export function askWithin(documents) {
  scope.clear();
  for (const [id, title] of documents) scope.set(id, title);
  showScope();
  const question = byId("question");
  // What is in a view that is not shown yet cannot be focused.
  if (location.hash !== "#/ask") addEventListener("hashchange", () => question.focus(), { once: true });
  location.hash = "#/ask";
  question.focus();
}

export function forgetInScope(ids) {
  for (const id of ids) scope.delete(id);
  showScope();
}

export function showScope() {
  const button = byId("scope");
  button.textContent = scope.size === 0 ? text("scope.all") : scope.size === 1 ? [...scope.values()][0] : counted("documents", scope.size);
  button.classList.toggle("active", scope.size > 0);
}

export async function chooseScope() {
  let documents;
  try {
    ({ documents } = await getJson("/v1/documents"));
  } catch (error) { toast(error.message); return; }
  const rows = documents.map((one) => element("label", { class: "check" },
    element("input", { type: "checkbox", value: one.id, checked: scope.has(one.id) }), element("span", {}, one.title)));
  // Enter would press the first button of the dialog, which is "All documents".
  const onkeydown = (event) => { if (event.key === "Enter") event.preventDefault(); };
  const filter = element("input", { type: "search", placeholder: text("scope.filter"), "aria-label": text("scope.filter"), onkeydown,
    oninput: () => rows.forEach((row) => { row.hidden = !row.textContent.toLowerCase().includes(filter.value.toLowerCase()); }) });
  const chosen = await ask(element("h2", {}, text("scope.title")), filter, element("div", { class: "pick", onkeydown }, rows),
    element("div", { class: "dialog-row" },
      element("button", { value: "all", class: "quiet" }, text("scope.everything")),
      element("button", { value: "ok", class: "primary" }, text("scope.done"))));
  if (!chosen) return;
  scope.clear();
  if (chosen === "ok") {
    const titles = new Map(documents.map((one) => [one.id, one.title]));
    for (const row of rows) {
      const box = row.querySelector("input");
      if (box.checked) scope.set(box.value, titles.get(box.value));
    }
  }
  showScope();
}
