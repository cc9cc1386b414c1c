"""A few rows of each question set's format, written for these tests: two small subjects, tea and a river."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

TEA = "Green tea is brewed at eighty degrees. Boiling water makes it bitter within a minute."
RIVER = "The river Lenta rises in the northern hills. It is ninety kilometres long and freezes in January."
DAM = "A dam was built across the Lenta in 1961. Its engineers came from the town of Sorn."

Json = dict[str, Any]


def squad() -> Json:
    """Two articles: three answerable questions and one that is impossible."""

    def qa(name: str, asked: str, context: str, *answers: str) -> Json:
        found = [{"text": text, "answer_start": context.index(text)} for text in answers]
        return {"id": name, "question": asked, "answers": found, "is_impossible": not answers}

    return {"version": "v2.0", "data": [
        {"title": "Green_tea", "paragraphs": [{"context": TEA, "qas": [
            qa("t1", "At what temperature is green tea brewed?", TEA, "eighty degrees", "at eighty degrees"),
            qa("t2", "Who first drank green tea?", TEA),
        ]}]},
        {"title": "Lenta", "paragraphs": [
            {"context": RIVER, "qas": [qa("r1", "How long is the Lenta?", RIVER, "ninety kilometres")]},
            {"context": DAM, "qas": [qa("r2", "When was the dam built?", DAM, "1961")]},
        ]},
    ]}  # fmt: skip


RGB: list[Json] = [
    {"id": 0, "query": "How long is the Lenta?", "answer": [["ninety kilometres", "90 km"]],
     "positive": [RIVER], "negative": [TEA, ""]},
    {"id": 1, "query": "When was the dam built, and where do its engineers come from?", "answer": ["1961", "Sorn"],
     "positive": [[DAM.split(". ")[0] + "."], [DAM]], "negative": [TEA]},
    {"id": 2, "query": "Who first drank green tea?", "answer": "a monk", "positive": [], "negative": [TEA],
     "positive_wrong": ["Green tea was first drunk by a sailor, it is said."]},
]  # fmt: skip

HALUEVAL: list[Json] = [
    {"knowledge": RIVER, "question": "In what month does the Lenta freeze?", "right_answer": "January",
     "hallucinated_answer": "It freezes in May."},
    {"knowledge": RIVER, "question": "Is the Lenta a river?", "right_answer": "yes", "hallucinated_answer": "no"},
    {"knowledge": TEA, "question": "What makes green tea bitter?", "right_answer": "Boiling water",
     "hallucinated_answer": "sugar"},
]  # fmt: skip

RAGTRUTH: list[Json] = [
    {"source_id": "11", "task_type": "QA", "source_info": {
        "question": "how is green tea made", "passages": f"passage 1:{TEA}\n\npassage 2:{RIVER}\n\n"}},
    {"source_id": "12", "task_type": "Summary", "source_info": "An article."},
]  # fmt: skip


def write_lines(path: Path, rows: list[Json]) -> Path:
    """A JSON Lines file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def write_beir(folder: Path, qrels: Mapping[str, str] | None = None) -> Path:
    """A BEIR folder of three documents and two queries; qrels by file name."""
    texts = {"d1": ("Green tea", TEA), "d2": ("", RIVER), "d3": ("Dam", DAM), "d4": ("Empty", "")}
    write_lines(folder / "corpus.jsonl", [{"_id": n, "title": title, "text": t} for n, (title, t) in texts.items()])
    queries = {"1": "brewing green tea", "2": "a dam on the Lenta", "3": "of another split"}
    write_lines(folder / "queries.jsonl", [{"_id": name, "text": text} for name, text in queries.items()])
    (folder / "qrels").mkdir()
    default = "query-id\tcorpus-id\tscore\n1\td1\t2\n1\td2\t0\n2\td3\t1\n2\td2\t1\n2\tgone\t1\n"
    for name, text in (qrels or {"test.tsv": default}).items():
        (folder / "qrels" / name).write_text(text, encoding="utf-8")
    return folder
