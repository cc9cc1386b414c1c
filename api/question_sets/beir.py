"""BEIR (Thakur et al. 2021, arXiv 2104.08663): a folder with corpus.jsonl, queries.jsonl and qrels/*.tsv.

    corpus.jsonl    {"_id", "title", "text"}
    queries.jsonl   {"_id", "text"}
    qrels/NAME.tsv  query-id, corpus-id, score: tab-separated, with this header

The qrels read are test.tsv, or the only file there is; another one is chosen by giving its own path. Evidence is all of
every document judged above 0, so recall is over passages and grades are not used. The set knows no answers. Documents
without text and judgements on documents that are not there are passed over, as BEIR's own loader does.
"""

from __future__ import annotations

from pathlib import Path

from api.question_sets.question_set import Passage, QuestionSet, complete, every_sentence, make_question
from api.question_sets.records import clean_field, id_field, packed, read_records, read_text
from corpus.records import CorpusError, Place
from ingest.clean import clean_line

_HEADER = ["query-id", "corpus-id", "score"]


def load(path: Path) -> QuestionSet:
    """The set in a folder, or of one qrels file. Raises CorpusError."""
    qrels = path if path.is_file() else _qrels(path)
    folder = qrels.parent.parent
    passages, texts = {}, {}
    for record, place in read_records(packed(folder / "corpus.jsonl")):
        name = id_field(record, "_id", place)
        title, text = (record.get(key) or "" for key in ("title", "text"))
        if not isinstance(title, str) or not isinstance(text, str):
            raise place.error("'title' and 'text' have to be strings")
        if name in passages:
            raise place.error(f"a second document with the id {name!r}")
        if clean_line(text):
            passages[name], texts[name] = Passage(name, clean_line(title), (text,)), text
    judged = _judged(qrels)
    questions = []
    for record, place in read_records(packed(folder / "queries.jsonl")):
        name, asked = id_field(record, "_id", place), clean_field(record, "text", place)
        evidence = [quote for document in judged.get(name, ()) if document in texts
                    for quote in every_sentence(document, texts[document])]
        if evidence:  # queries of the other splits stand in the same file
            questions.append(make_question(name, asked, place, unit=name, evidence=evidence))
    return complete(qrels, questions, passages.values())


def _qrels(folder: Path) -> Path:
    found = sorted((folder / "qrels").glob("*.tsv"))
    chosen = [path for path in found if path.name == "test.tsv"] or found
    if len(chosen) != 1:
        names = ", ".join(path.name for path in found) or "none"
        raise CorpusError(folder / "qrels", 0, f"needs test.tsv or a single .tsv ({names}); or give the path of one")
    return chosen[0]


def _judged(path: Path) -> dict[str, list[str]]:
    """Query -> the documents judged above 0."""
    found: dict[str, list[str]] = {}
    for number, line in enumerate(read_text(path).splitlines(), start=1):
        place, cells = Place(path, number), line.split("\t")
        if number == 1:
            if cells != _HEADER:
                raise place.error(f"the header has to be {', '.join(_HEADER)}, tab-separated")
        elif line.strip():
            if len(cells) != len(_HEADER):
                raise place.error(f"{len(cells)} columns in place of {len(_HEADER)}")
            try:
                score = float(cells[2])
            except ValueError:
                raise place.error(f"the score {cells[2]!r} is no number") from None
            if score > 0:
                found.setdefault(cells[0], []).append(cells[1])
    return found
