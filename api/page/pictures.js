// A page of a PDF as it looks, with marked words shown on it.

import { getJson, request } from "./client.js";
import { element } from "./dom.js";
import { text } from "./texts.js";

const SVG = "http://www.w3.org/2000/svg";
const PIXELS = 1200; // across a page: sharp in a column of 600 on a display of double density
const MOST_MARKS = 12;

// page: {document_id, number, start, end}; marks: [{start, end}], the first is the one to look at; offsets are the
// document's. Resolves with a figure once the picture is there; the words asked for may not be found on it, which it says.
export async function pagePicture(info, page, marks) {
  const path = `/v1/documents/${encodeURIComponent(info.id)}/pages/${page.number}`;
  const onPage = marks.filter(({ start, end }) => start < page.end && page.start < end).slice(0, MOST_MARKS);
  const [picture, ...found] = await Promise.all([
    request("GET", `${path}/image?width=${PIXELS}`).then((response) => response.blob()),
    ...onPage.map(({ start, end }) => getJson(`${path}/boxes?start=${start}&end=${end}`)),
  ]);
  const isMissing = found.length > 0 && onPage[0] === marks[0] && found[0].boxes.length === 0;
  const alt = text("reader.picture", { page: page.number, title: info.title });
  return element("figure", { class: "page-picture", tabindex: "0" },
    isMissing ? element("p", { class: "muted" }, text("reader.unmarked")) : null,
    element("div", { class: "sheet" }, await image(picture, alt), overlay(found, onPage[0] === marks[0])));
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
  if (!found.length) return null;
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", `0 0 ${found[0].width} ${found[0].height}`);
  svg.setAttribute("aria-hidden", "true");
  found.forEach(({ boxes }, index) => boxes.forEach((box) => {
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
