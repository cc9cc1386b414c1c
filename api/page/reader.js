// The reader: a document page by page beside the answer, with the cited words marked, as text or, for a PDF, as it looks.

import { getJson, saveFile } from "./client.js";
import { askWithin } from "./scope.js";
import { byId, element, toast } from "./dom.js";
import { pieces } from "./marks.js";
import { pagePicture } from "./pictures.js";
import { text } from "./texts.js";

const SOON_MS = 300; // a page that takes longer to draw is announced
const LOOK = "lectern.look"; // where the browser keeps which of the two was chosen last
const NARROW = "(max-width: 60rem)"; // where the reader covers the page: style.css

let shown = null; // {info, page, marks} of the open document
let asked = null; // an AbortController of the page that was asked for last: what comes for another one is not shown
let opener = null; // what had the focus before, to give it back

// marks: [{start, end}, ...] in the document; the first is the one to look at.
export async function openReader({ id, page = 1, marks = [] }) {
  if (byId("reader").hidden) opener = document.activeElement;
  try {
    const info = shown?.info.id === id ? shown.info : await getJson(`/v1/documents/${encodeURIComponent(id)}`);
    shown = { info, page, marks };
    await showPage(page, true);
  } catch (error) {
    toast(error.status === 404 ? text("reader.gone") : error.message);
  }
}

export function closeReader() {
  const reader = byId("reader");
  if (reader.hidden) return false;
  reader.hidden = true;
  document.body.classList.remove("reading");
  shown = null;
  if (opener?.isConnected) opener.focus();
  return true;
}

export const openDocument = () => shown?.info.id;

export function startReader() {
  byId("reader").addEventListener("keydown", (event) => {
    if (event.target.matches("input") || !shown) return;
    if (event.key === "ArrowLeft") turn(-1);
    if (event.key === "ArrowRight") turn(1);
  });
}

// Called when the language changes.
export const fillReader = () => shown && showPage(shown.page, false).catch((error) => toast(error.message));

function turn(step) {
  const numbers = shown.info.page_numbers;
  const next = step > 0 ? numbers.find((number) => number > shown.page) : numbers.findLast((number) => number < shown.page);
  if (next !== undefined) showPage(next, false).catch((error) => toast(error.message));
}

// Shows a page of the open document. What fails leaves the page that was there.
async function showPage(number, atMark) {
  asked?.abort(); // the page that was asked for before: nobody waits for it any more
  const now = asked = new AbortController();
  const before = shown.page, focused = document.activeElement;
  shown.page = number;
  try {
    const page = await getJson(`/v1/documents/${encodeURIComponent(shown.info.id)}/pages/${number}`);
    if (now !== asked || !shown) return;
    const drawn = isPicture(shown.info) ? await picture(page, now) : null;
    if (now !== asked || !shown) return;
    showBody(drawn ?? textOf(page), atMark, isHere() || (atMark && document.activeElement === focused));
  } catch (error) {
    if (now === asked && shown) shown.page = before;
    throw error;
  }
}

const textOf = (page) =>
  element("div", { class: "page-text", lang: shown.info.language, tabindex: "0" }, ...pageNodes(page, shown.marks));

// The page as it looks; null where it cannot be drawn: then there is its text.
async function picture(page, now) {
  const wait = setTimeout(() => {
    if (now === asked && shown) fill(element("figure", { class: "page-picture" }, element("p", { class: "muted", role: "status" }, text("reader.drawing"))));
  }, SOON_MS);
  try {
    return await pagePicture(shown.info, page, shown.marks, now.signal);
  } catch (error) {
    if (now === asked) toast(error.message);
    return null;
  } finally {
    clearTimeout(wait);
  }
}

// takesFocus: not where somebody has gone on to something else meanwhile.
function showBody(body, atMark, takesFocus) {
  fill(body);
  const mark = atMark ? body.querySelector("mark.target, rect.target") : null;
  if (mark) mark.scrollIntoView({ block: "center" });
  else body.scrollTop = 0;
  if (takesFocus) (mark?.matches("mark") ? mark : body).focus({ preventScroll: true });
}

// Whether the focus is in the reader, or nowhere.
const isHere = () => document.activeElement === document.body || byId("reader").contains(document.activeElement);

// Opens the reader with this under the document's title.
function fill(body) {
  const { info, page, marks } = shown;
  const reader = byId("reader");
  const wasInside = reader.contains(document.activeElement);
  reader.replaceChildren(head(info), pager(info, page, marks), body);
  reader.hidden = false;
  document.body.classList.add("reading");
  if (wasInside) reader.focus({ preventScroll: true }); // what had it is gone, and the keys are listened for here
}

const chosenLook = () => localStorage.getItem(LOOK) ?? (matchMedia(NARROW).matches ? "text" : "picture");
const isPicture = (info) => info.page_images && chosenLook() === "picture";

// Text or picture, for documents that have both; kept for the next one.
function looks(info) {
  if (!info.page_images) return null;
  const choose = (look) => () => {
    localStorage.setItem(LOOK, look);
    showPage(shown.page, true).catch((error) => toast(error.message));
  };
  const button = (look, isOn) => element("button", { type: "button", "aria-pressed": String(isOn), onclick: choose(look) }, text(`reader.as.${look}`));
  return element("div", { class: "segments", role: "group", "aria-label": text("reader.look") },
    button("text", !isPicture(info)), button("picture", isPicture(info)));
}

function head(info) {
  const name = info.sources[0]?.split(/[\\/]/).pop() || info.title;
  return element("header", { class: "reader-head" },
    element("div", {}, element("h2", {}, info.title), element("p", { class: "muted reader-source" }, info.sources.join(", "))),
    element("button", { type: "button", class: "quiet icon", "aria-label": text("reader.close"), title: `${text("reader.close")} (Esc)`, onclick: closeReader }, "✕"),
    element("div", { class: "reader-actions" },
      element("button", { type: "button", onclick: () => askAbout(info) }, text("reader.within")),
      element("button", { type: "button", class: "quiet", onclick: () => saveFile(info.id, name).catch((error) => toast(error.message)) }, text("reader.file")),
      looks(info)));
}

function askAbout(info) {
  if (matchMedia(NARROW).matches) closeReader();
  askWithin([[info.id, info.title]]);
}

function pager(info, number, marks) {
  const numbers = info.page_numbers;
  const first = numbers[0], last = numbers[numbers.length - 1];
  if (numbers.length < 2) return element("span", { hidden: true });
  const go = (wanted) => showPage(wanted, false).catch((error) => toast(error.message));
  const input = element("input", { type: "number", min: first, max: last, value: number, "aria-label": text("reader.page"),
    onchange: () => go(Math.min(last, Math.max(first, Number(input.value) || first))) });
  return element("div", { class: "pager" },
    element("button", { type: "button", "aria-label": text("reader.previous"), disabled: number === first, onclick: () => turn(-1) }, "‹"),
    element("span", {}, text("reader.page"), " "), input, element("span", {}, " ", text("reader.of", { pages: last })),
    element("button", { type: "button", "aria-label": text("reader.next"), disabled: number === last, onclick: () => turn(1) }, "›"),
    marks[0]?.page && marks[0].page !== number
      ? element("button", { type: "button", class: "quiet", onclick: () => showPage(marks[0].page, true) }, text("reader.back")) : null);
}

// The page's text as nodes: headings stand out, marked words are <mark>.
function pageNodes(page, marks) {
  return pieces(page, marks).map((piece) => {
    const words = piece.mark ? element("mark", piece.mark === "target" ? { class: "target", tabindex: "-1" } : {}, piece.words) : piece.words;
    return piece.heading ? element("strong", { class: "heading" }, words) : words;
  });
}
