// Building the page's elements. Text always becomes a text node, never HTML: what a document or an answer says
// cannot become markup.

export const byId = (id) => document.getElementById(id);

// element("button", {class: "quiet", onclick: f, "aria-label": "x"}, "text", child, ...)
export function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "value" || name === "checked" || name === "disabled" || name === "hidden") node[name] = value;
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== ""));
  return node;
}

let toastTimer = 0;

export function toast(text) {
  const node = byId("toast");
  node.textContent = text;
  node.hidden = false;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => { node.hidden = true; }, 6000);
}

// Shows a modal dialog with the children; resolves with the value of the button that closed it ("" for Esc).
export function ask(...children) {
  const dialog = byId("dialog");
  dialog.replaceChildren(element("form", { method: "dialog" }, ...children));
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue), { once: true });
  });
}
