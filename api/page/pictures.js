// A page of a PDF as it looks, with marked words shown on it.

import { request } from "./client.js";
import { element } from "./dom.js";
import { text } from "./texts.js";

const SVG = "http://www.w3.org/2000/svg";
const PIXELS = 1200; // across a page: sharp in a column of 600 on a display of double density
const MOST_MARKS = 5; // each is looked for on its own

// page: {number, start, end}; marks: [{start, end}], the first is the one to look at; offsets are the document's.
// Resolves with a figure once the picture is there. It says where the words to look at cannot be found on it.
export async function pagePicture(info, page, marks, signal) {
  const path = `/v1/documents/${encodeURIComponent(info.id)}/pages/${page.number}`;
  const onPage = marks.filter(({ start, end }) => start < page.end && page.start < end).slice(0, MOST_MARKS);
  const [picture, ...found] = await Promise.all([
    request("GET", `${path}/image?width=${PIXELS}`, undefined, signal).then((response) => response.blob()),
    ...onPage.map(({ start, end }) => request("GET", `${path}/boxes?start=${start}&end=${end}`, undefined, signal)
      .then((response) => response.json()).catch(() => null)),
  ]);
  const hasTarget = onPage.length > 0 && onPage[0] === marks[0];
  const isMissing = hasTarget && !found[0]?.boxes.length;
  const alt = text("reader.picture", { page: page.number, title: info.title });
  return element("figure", { class: "page-picture", tabindex: "0" },
    isMissing ? element("p", { class: "muted" }, text("reader.unmarked")) : null,
    element("div", { class: "sheet" }, await image(picture, alt), overlay(found, hasTarget)));
}

async function image(picture, alt) {
  const url = URL.createObjectURL(picture);
  const node = element("img", { alt, src: url });
  try {
    await node.decode();
  } finally {
    URL.revokeObjectURL(url);
  }
  return node;
}

// Rectangles in the page's own points, stretched over the picture by the browser.
function overlay(found, hasTarget) {
  const size = found.find((places) => places !== null);
  if (!size) return null;
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", `0 0 ${size.width} ${size.height}`);
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("aria-hidden", "true");
  found.forEach((places, index) => (places?.boxes ?? []).forEach((box) => {
    const rectangle = document.createElementNS(SVG, "rect");
    rectangle.setAttribute("x", box.left);
    rectangle.setAttribute("y", box.top);
    rectangle.setAttribute("width", box.right - box.left);
    rectangle.setAttribute("height", box.bottom - box.top);
    rectangle.setAttribute("class", hasTarget && index === 0 ? "target" : "other");
    svg.append(rectangle);
  }));
  return svg;
}
