// One answer: grows sentence by sentence as they are verified, then gets its sources, figures and passages.

import { askStreamed } from "./client.js";
import { element } from "./dom.js";
import { openReader } from "./reader.js";
import { decimal, text } from "./texts.js";

export class AnswerView {
  // title: shown above the answer where two stand side by side, else null.
  constructor(mode, title) {
    this.mode = mode;
    this.title = title;
    this.prose = element("p", { class: "prose" });
    this.further = element("div", { class: "further" });
    this.state = element("p", { class: "thinking" }, element("span", { class: "dots", "aria-hidden": "true" }),
      text(mode === "rag" ? "thinking" : "thinking.closed_book"));
    this.rest = element("div", { class: "rest" });
    this.node = element("section", { class: `answer ${mode}`, "aria-busy": "true", "aria-live": "polite" },
      title && element("h3", {}, title), this.prose, this.further, this.state, this.rest);
  }

  // Asks and shows; resolves when the answer is whole, stopped or has failed. Never throws.
  async run(body, signal) {
    this.body = body;
    try {
      const answer = await askStreamed({ ...body, mode: this.mode }, (sentence) => this.addSentence(sentence), signal);
      this.finish(answer);
    } catch (error) {
      this.state.className = "failed";
      this.state.textContent = error.name === "AbortError" ? text("stopped") : error.message;
    }
    this.node.removeAttribute("aria-busy");
  }

  addSentence(sentence) {
    const quotation = sentence.origin === "quotation";
    const words = element("span", quotation ? { class: "quotation", title: text("quotation") } : {}, sentence.text);
    const marks = sentence.citations.map((citation) => this.marker(citation));
    if (!sentence.further) {
      this.prose.append(element("span", { class: "sentence" }, words, marks), " ");
      return;
    }
    if (!this.further.childElementCount) this.further.append(element("h4", {}, text("further")));
    this.further.append(element("p", { class: "sentence" }, words, marks));
  }

  finish(answer) {
    this.state.remove();
    this.node.lang = answer.language;
    const citations = uniqueCitations(answer);
    this.citations = citations;
    if (answer.status === "abstained") this.refuse(answer);
    else if (this.mode === "closed_book") this.rest.append(element("p", { class: "unchecked" }, text("unchecked")));
    else if (this.doubtful) this.rest.append(element("p", { class: "unchecked" }, text("doubtful")));
    if (answer.other_language) this.rest.append(element("p", { class: "muted" }, text("other.language")));
    if (citations.length) {
      this.rest.append(
        element("h4", {}, text("sources")),
        element("ol", { class: "sources" }, citations.map((citation) => this.source(citation))),
      );
    }
    if (answer.hits.length) this.rest.append(this.hits(answer));
    this.rest.append(figures(answer));
  }

  refuse(answer) {
    this.node.classList.add("abstained");
    this.prose.replaceChildren(answer.text);
    const reason = answer.reason && text(`reason.${answer.reason}`);
    if (reason) this.rest.append(element("p", { class: "muted" }, reason));
    if (isNear(answer) && !this.doubtful) {
      this.rest.append(element("button", { type: "button", class: "anyway", onclick: () => this.answerAnyway() }, text("anyway")));
    }
  }

  // The same question without the leave to say nothing, in this answer's place.
  answerAnyway() {
    const view = new AnswerView(this.mode, this.title);
    view.doubtful = true;
    this.node.replaceWith(view.node);
    view.run({ ...this.body, abstain: false });
  }

  marker(citation) {
    const label = text("open.citation", citation);
    return element("button", {
      type: "button", class: "marker", title: `${citation.title}, ${text("page", citation)}`, "aria-label": label,
      onclick: () => this.open(citation),
    }, String(citation.number));
  }

  source(citation) {
    return element("li", { value: citation.number },
      element("button", { type: "button", class: "source", onclick: () => this.open(citation) },
        element("span", { class: "number" }, String(citation.number)),
        element("span", { class: "source-body" },
          element("span", { class: "source-title" }, citation.title,
            element("span", { class: "source-page" }, text("page", citation))),
          element("q", support(citation), shortened(citation.quote)))));
  }

  hits(answer) {
    const rows = answer.hits.map((hit) => element("li", {},
      element("button", { type: "button", class: "hit", onclick: () => openReader({ id: hit.document_id, page: hit.page, marks: [hit] }) },
        element("span", { class: "source-title" }, hit.title, element("span", { class: "source-page" }, text("page", hit))),
        element("span", { class: "hit-text" }, shortened(hit.text, 220))),
      element("span", { class: "scores" }, Object.entries(hit.parts).map(([stage, score]) => `${stage} ${score.toFixed(3)}`).join(" · "))));
    const title = text(answer.status === "abstained" ? "nearest" : "hits");
    return element("details", { open: isNear(answer) },
      element("summary", {}, `${title} (${answer.hits.length})`), element("ol", { class: "hits" }, rows));
  }

  // Opens the citation's page; the answer's other quotes in the same document are marked too, more lightly.
  open(citation) {
    const others = (this.citations ?? []).filter((other) => other.document_id === citation.document_id && other !== citation);
    openReader({ id: citation.document_id, page: citation.page, marks: [citation, ...others] });
  }
}

// Whether nothing was answered although passages are about the question.
function isNear(answer) {
  return answer.status === "abstained" && ["not_answerable", "unsupported"].includes(answer.reason);
}

// How sure the verifier is that the source says what the sentence says, on hovering over the quote.
function support(citation) {
  return citation.support === null ? {} : { title: text("support", { percent: Math.round(citation.support * 100) }) };
}

function uniqueCitations(answer) {
  const numbered = new Map();
  for (const sentence of answer.sentences) for (const citation of sentence.citations) numbered.set(citation.number, citation);
  return [...numbered.values()].sort((one, other) => one.number - other.number);
}

function figures(answer) {
  const parts = [];
  if (answer.confidence !== null) parts.push(text("confidence", { percent: Math.round(answer.confidence * 100) }));
  const total = answer.timings_ms.total;
  if (total !== undefined) parts.push(text("took", { seconds: decimal(total / 1000, total < 10000 ? 1 : 0) }));
  parts.push(answer.model.replace(/^lectern-decoder-/, `${text("decoder")} `));
  return element("p", { class: "figures" }, parts.filter(Boolean).join(" · "));
}

function shortened(words, limit = 320) {
  const line = words.replace(/\s+/g, " ").trim();
  return line.length > limit ? line.slice(0, limit).replace(/\s\S*$/, "") + " …" : line;
}
