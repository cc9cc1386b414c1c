// Where a page's text is cut so that quotes and headings can be shown. Nothing here touches the page itself.
//
// Offsets count Unicode code points of the document's text, as Python does; JavaScript strings count UTF-16 units,
// so a page with characters outside the basic plane is cut by code points.

// page: {start, end, text, headings: [{start, end}]}; marks: [{start, end}], the first is the one to look at; all
// offsets are the document's. Returns the text in order as [{words, mark: "target" | "other" | null, heading}].
export function pieces(page, marks) {
  const cut = slicer(page.text);
  const length = page.end - page.start;
  const onPage = ({ start, end }) => ({ start: Math.max(0, start - page.start), end: Math.min(length, end - page.start) });
  const spans = marks.map((mark, index) => ({ ...onPage(mark), kind: index === 0 ? "target" : "other" }))
    .filter(({ start, end }) => start < end);
  const headings = page.headings.map(onPage);
  const edges = [0, length, ...[...spans, ...headings].flatMap(({ start, end }) => [start, end])];
  const sorted = [...new Set(edges)].sort((one, other) => one - other);
  return sorted.slice(0, -1).map((start, index) => {
    const end = sorted[index + 1];
    const covers = (span) => span.start <= start && end <= span.end;
    const over = spans.filter(covers);
    const mark = over.find((span) => span.kind === "target") ?? over[0];
    return { words: cut(start, end), mark: mark?.kind ?? null, heading: headings.some(covers) };
  });
}

function slicer(words) {
  if (!/[\ud800-\udfff]/.test(words)) return (start, end) => words.slice(start, end);
  const points = Array.from(words);
  return (start, end) => points.slice(start, end).join("");
}
