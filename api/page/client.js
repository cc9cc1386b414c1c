// The HTTP API as functions. Every failure is an Error whose message is the problem's `detail`.

import { ask, element } from "./dom.js";
import { text } from "./texts.js";

export class ApiProblem extends Error {
  constructor(problem, status) {
    super(problem.detail || problem.title || String(status));
    this.status = status;
  }
}

// Whether the server was given a key: links do not carry it.
export const hasKey = () => sessionStorage.getItem("lectern.key") !== null;

const headers = (extra = {}) => {
  const key = sessionStorage.getItem("lectern.key");
  return key ? { ...extra, Authorization: `Bearer ${key}` } : extra;
};

export async function request(method, path, body, signal) {
  const options = { method, signal, headers: headers(body === undefined ? {} : { "Content-Type": "application/json" }) };
  if (body !== undefined) options.body = JSON.stringify(body);
  let response;
  try {
    response = await fetch(path, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiProblem({ detail: text("offline") }, 0);
  }
  if (response.ok) return response;
  if (response.status === 401 && await enterKey()) return request(method, path, body, signal);
  throw new ApiProblem(await response.json().catch(() => ({})), response.status);
}

export const getJson = async (path) => (await request("GET", path)).json();
export const postJson = async (path, body) => (await request("POST", path, body)).json();
export const remove = (id) => request("DELETE", `/v1/documents/${encodeURIComponent(id)}`);

// Asks with streaming: onSentence for each sentence as it is verified; resolves with the whole answer.
export async function askStreamed(body, onSentence, signal) {
  const response = await request("POST", "/v1/ask", { ...body, stream: true }, signal);
  for await (const { name, data } of events(response.body)) {
    if (name === "sentence") onSentence(data);
    if (name === "done") return data;
    if (name === "error") throw new ApiProblem(data, data.status);
  }
  throw new ApiProblem({ detail: text("offline") }, 0);
}

// Server-sent events from a response body (EventSource cannot POST).
async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let buffer = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    buffer += value;
    for (let end = buffer.indexOf("\n\n"); end >= 0; end = buffer.indexOf("\n\n")) {
      const lines = buffer.slice(0, end).split("\n");
      buffer = buffer.slice(end + 2);
      const field = (name) => lines.find((line) => line.startsWith(name + ": "))?.slice(name.length + 2);
      const data = field("data");
      if (data !== undefined) yield { name: field("event") ?? "message", data: JSON.parse(data) };
    }
  }
}

// Uploads files; onProgress gets the sent share 0..1 (fetch cannot tell, so XMLHttpRequest). Resolves with the job.
export function upload(files, onProgress) {
  const form = new FormData();
  for (const file of files) form.append("files", file, file.name);
  return new Promise((resolve, reject) => {
    const call = new XMLHttpRequest();
    call.open("POST", "/v1/documents");
    for (const [name, value] of Object.entries(headers())) call.setRequestHeader(name, value);
    call.upload.onprogress = (event) => event.lengthComputable && onProgress(event.loaded / event.total);
    call.onerror = () => reject(new ApiProblem({ detail: text("offline") }, 0));
    call.onload = () => {
      let body = {};
      try { body = JSON.parse(call.responseText); } catch { /* not JSON: the status has to do */ }
      if (call.status === 202) resolve(body.job);
      else reject(new ApiProblem(body, call.status));
    };
    call.send(form);
  });
}

export const saveFile = (id, name) => save(`/v1/documents/${encodeURIComponent(id)}/file`, name);

// Downloads what is at the path as a file, with the key where there is one.
export async function save(path, name) {
  const blob = await (await request("GET", path)).blob();
  const link = element("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

// Opens in a new tab what the server gives an address for. The tab is opened before the server is asked, while the click
// still counts: later the browser would hold it for an advertisement.
export async function openPage(path) {
  const tab = window.open("", "_blank");
  try {
    const { url } = await postJson(path);
    if (tab) { tab.opener = null; tab.location.replace(url); } else location.assign(url);
  } catch (error) {
    tab?.close();
    throw error;
  }
}

let entering = null; // the promise of the key that is being asked for

// Asks for the key, once for all requests that wait for it: there is one dialog.
const enterKey = () => (entering ??= askForKey().finally(() => { entering = null; }));

async function askForKey() {
  const input = element("input", { type: "password", id: "key", autocomplete: "off", required: true });
  const answer = await ask(
    element("h2", {}, text("key.title")),
    element("label", { for: "key" }, text("key.label")), input,
    element("div", { class: "dialog-row" }, element("button", { class: "primary", value: "ok" }, text("key.enter"))),
  );
  if (answer !== "ok" || !input.value) return false;
  sessionStorage.setItem("lectern.key", input.value);
  return true;
}
