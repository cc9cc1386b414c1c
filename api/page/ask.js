// The view "Ask": the question form with its options, and the exchanges below it, newest first.

import { AnswerView } from "./answer.js";
import { byId, element, toast } from "./dom.js";
import { chooseScope, scope, showScope } from "./scope.js";
import { examples, text } from "./texts.js";

let running = null; // AbortController of the question being answered

export function startAsk() {
  const form = byId("ask-form");
  const question = byId("question");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (running) running.abort();
    else submit(question.value);
  });
  question.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    if (!running) form.requestSubmit();
  });
  question.addEventListener("input", () => grow(question));
  addEventListener("resize", () => grow(question));
  byId("options-toggle").addEventListener("click", () => showOptions(byId("options").hidden));
  // A field that is folded away cannot say what is wrong with it, and the question would just not be sent.
  form.addEventListener("invalid", () => showOptions(true), true);
  byId("scope").addEventListener("click", chooseScope);
}

function showOptions(shown) {
  byId("options").hidden = !shown;
  byId("options-toggle").setAttribute("aria-expanded", String(shown));
}

// Called at the start and whenever the language changes.
export function fillAsk() {
  byId("ask-button").textContent = text(running ? "stop" : "ask");
  showScope();
  byId("examples").replaceChildren(
    element("span", { class: "muted" }, text("examples")),
    ...examples().map((example) => element("button", { type: "button", class: "example", onclick: () => { byId("question").value = example; grow(byId("question")); submit(example); } }, example)),
  );
}

async function submit(words) {
  const question = words.trim();
  if (!question) { toast(text("empty.question")); byId("question").focus(); return; }
  byId("hero").hidden = byId("examples").hidden = true;
  const form = new FormData(byId("ask-form"));
  const body = { question, documents: [...scope.keys()], ...options(form) };
  const modes = form.get("mode") === "compare" ? ["rag", "closed_book"] : [form.get("mode")];
  const views = modes.map((mode) => new AnswerView(mode, modes.length > 1 ? text(mode === "rag" ? "with" : "without") : null));
  const exchange = element("article", { class: modes.length > 1 ? "exchange pair" : "exchange" },
    element("header", {}, element("h2", {}, question),
      scope.size ? element("p", { class: "within" }, `${text("within")}: ${[...scope.values()].join(", ")}`) : null),
    element("div", { class: "answers" }, views.map((view) => view.node)));
  byId("exchanges").prepend(exchange);
  running = new AbortController();
  byId("ask-button").textContent = text("stop");
  byId("ask-button").classList.add("running");
  await Promise.all(views.map((view) => view.run(view.mode === "rag" ? body : withoutDocuments(body), running.signal)));
  running = null;
  byId("ask-button").classList.remove("running");
  byId("ask-button").textContent = text("ask");
  // Ready for the next question, unless the reader's eyes are elsewhere by now.
  if (document.activeElement === document.body || byId("ask-form").contains(document.activeElement)) byId("question").select();
}

const withoutDocuments = ({ documents: _, ...body }) => body;

// Only what differs from "as configured" is sent.
function options(form) {
  const chosen = {};
  if (form.get("retriever")) chosen.retriever = form.get("retriever");
  for (const name of ["top_k", "temperature", "seed"]) if (form.get(name)) chosen[name] = Number(form.get(name));
  for (const name of ["rerank", "verify", "abstain"]) if (!form.get(name)) chosen[name] = false;
  return chosen;
}

function grow(area) {
  area.style.height = "auto";
  area.style.height = `${Math.min(area.scrollHeight, 240)}px`;
}
