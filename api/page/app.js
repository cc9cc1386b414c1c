// Lectern's page: plain modules, no build step, nothing from outside. This file wires the views together:
// language, theme, sections by #/hash, keys, and whether the server is ready.

import { fillAsk, startAsk } from "./ask.js";
import { byId } from "./dom.js";
import { leaveExperiments, loadExperiments, showExperiments, startExperiments } from "./experiments.js";
import { loadLibrary, showDocuments, startLibrary } from "./library.js";
import { closeReader, fillReader, startReader } from "./reader.js";
import { fillPage, language, setLanguage, text } from "./texts.js";

const VIEWS = ["ask", "library", "experiments"];
const THEMES = ["system", "light", "dark"];
const THEME_SIGNS = { system: "◐", light: "☀", dark: "☾" };

function showTheme(theme) {
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  byId("theme").textContent = THEME_SIGNS[theme];
  byId("theme").dataset.theme = theme;
}

function nextTheme() {
  const theme = THEMES[(THEMES.indexOf(byId("theme").dataset.theme) + 1) % THEMES.length];
  localStorage.setItem("lectern.theme", theme);
  showTheme(theme);
}

function showLanguage() {
  fillPage();
  fillAsk();
  showDocuments();
  showExperiments();
  fillReader();
  for (const button of document.querySelectorAll("[data-language]")) {
    button.setAttribute("aria-pressed", String(button.dataset.language === language));
  }
}

function showView() {
  // The skip link leads into the view that is shown.
  if (location.hash === "#main" && document.querySelector("nav [aria-current]")) return;
  const wanted = VIEWS.find((name) => location.hash === `#/${name}`) ?? "ask";
  for (const name of VIEWS) byId(`view-${name}`).hidden = name !== wanted;
  for (const link of document.querySelectorAll("nav [data-view]")) {
    if (link.dataset.view === wanted) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  if (wanted === "library") loadLibrary();
  if (wanted === "experiments") loadExperiments();
  else leaveExperiments();
}

// Questions wait for the models; the banner says so until they are there.
async function awaitReady() {
  const banner = byId("banner");
  const response = await fetch("/readyz").catch(() => null);
  banner.hidden = response?.ok ?? false;
  if (response?.ok) return;
  const problem = response && (await response.json().catch(() => null));
  banner.textContent = !response ? text("offline") : problem?.failed ? problem.detail : text("loading");
  setTimeout(awaitReady, 1500);
}

function keys(event) {
  const typing = event.target.matches?.("input, textarea, select") || byId("dialog").open;
  if (event.key === "Escape" && !byId("dialog").open && closeReader()) event.preventDefault();
  if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey) {
    event.preventDefault();
    const fields = { ask: "question", library: "find", experiments: "experiment-limit" };
    const field = byId(fields[VIEWS.find((name) => !byId(`view-${name}`).hidden)]);
    const folded = field.closest("details");
    if (folded) folded.open = true;
    field.focus();
  }
}

showTheme(localStorage.getItem("lectern.theme") ?? "system");
startAsk();
startLibrary();
startExperiments();
startReader();
showLanguage();
showView();
loadLibrary();
awaitReady();

addEventListener("hashchange", showView);
addEventListener("keydown", keys);
byId("theme").addEventListener("click", nextTheme);
for (const button of document.querySelectorAll("[data-language]")) {
  button.addEventListener("click", () => { setLanguage(button.dataset.language); showLanguage(); });
}
