"""Loaders of question sets: questions, gold strings and evidence come out right; what is malformed names its line."""

from __future__ import annotations

import gzip
import json
import lzma
from pathlib import Path

import pytest

from api.errors import ConfigError
from api.evaluate.answers import is_right
from api.question_sets import Format, formats
from api.question_sets.library import parsed
from api.question_sets.question_set import QuestionSet
from corpus.records import CorpusError
from tests.api import question_set_samples as samples
from tests.api.question_set_samples import DAM, RIVER, TEA, write_beir, write_lines


def squad(tmp_path: Path, text: str = "") -> Path:
    """The sample as a file of one line, or `text`."""
    path = tmp_path / "set.json"
    path.write_text(text or json.dumps(samples.squad()), encoding="utf-8")
    return path


def load_lines(tmp_path: Path, format: Format, rows: list[samples.Json]) -> QuestionSet:
    """The set in JSON lines."""
    return formats.load(str(write_lines(tmp_path / "set.jsonl", rows)), format)


def holds_evidence(loaded: QuestionSet) -> bool:
    """Whether every quote stands in its own passage as the library will hold it."""
    texts = {passage.name: " ".join(parsed(passage).text.split()) for passage in loaded.passages}
    return all(e.quote in texts[e.document] for question in loaded.questions for e in question.evidence)


def test_squad_gives_answers_and_the_sentences_around_them(tmp_path: Path) -> None:
    loaded = formats.load(str(squad(tmp_path)), "squad")
    tea, impossible, long, dam = loaded.questions
    assert tea.gold == ("eighty degrees", "at eighty degrees") and tea.gold_all == ()
    assert [e.quote for e in tea.evidence] == ["Green tea is brewed at eighty degrees."]
    assert not impossible.answerable and not impossible.gold and not impossible.evidence
    assert long.unit == dam.unit != tea.unit and dam.evidence[0].quote.startswith("A dam was built")
    assert [passage.title for passage in loaded.passages] == ["Green tea", "Lenta"]
    assert loaded.passages[1].paragraphs == (RIVER, DAM) and holds_evidence(loaded)


def test_an_answer_that_stands_elsewhere_is_found_and_one_that_does_not_is_refused(tmp_path: Path) -> None:
    off = json.dumps(samples.squad()).replace('"answer_start": 23', '"answer_start": 25')
    loaded = formats.load(str(squad(tmp_path, off)), "squad")
    assert loaded.questions[0].evidence[0].quote.startswith("Green tea is")
    with pytest.raises(CorpusError, match="article 1, paragraph 1, question 1: the answer 'ninety.*does not stand"):
        formats.load(str(squad(tmp_path, off.replace('"text": "eighty', '"text": "ninety'))), "squad")


def test_a_wrong_record_in_squad_is_named_with_its_line(tmp_path: Path) -> None:
    text = json.dumps(samples.squad(), indent=1)
    line = text[: text.index('"How long is the Lenta?"')].count("\n") + 1
    broken = squad(tmp_path, text.replace('"How long is the Lenta?"', "7"))
    # The line is that on which the question's own braces open: its id comes first in them.
    with pytest.raises(CorpusError, match=rf"set\.json:{line - 2}: article 2, paragraph 1, question 1: 'question'"):
        formats.load(str(broken), "squad")
    with pytest.raises(CorpusError, match=r"set\.json:3: not JSON"):
        formats.load(str(squad(tmp_path, '{"data":\n[\n{]}')), "squad")


def test_a_question_is_impossible_or_has_answers(tmp_path: Path) -> None:
    text = json.dumps(samples.squad()).replace('"is_impossible": true', '"is_impossible": false')
    with pytest.raises(CorpusError, match=r":1: article 1, paragraph 1, question 2: it has no answers"):
        formats.load(str(squad(tmp_path, text)), "squad")


def test_rgb_wants_a_string_of_each_part_of_an_answer(tmp_path: Path) -> None:
    loaded = load_lines(tmp_path, "rgb", samples.RGB)
    long, both, nothing = loaded.questions
    assert is_right(long, "It is 90 km long.") and not is_right(long, "It is long.")
    assert is_right(both, "In 1961, by people from Sorn.") and not is_right(both, "In 1961.")
    assert not nothing.answerable and nothing.gold == ()
    assert [e.quote for e in long.evidence] == ["It is ninety kilometres long and freezes in January."]
    assert len(loaded.passages) == 2 + 3 + 2 and holds_evidence(loaded)  # the empty passage is none


def test_halueval_falls_back_on_all_that_is_known(tmp_path: Path) -> None:
    loaded = load_lines(tmp_path, "halueval", samples.HALUEVAL)
    month, yes, bitter = loaded.questions
    assert month.evidence[0].quote.startswith("It is ninety") and len(yes.evidence) == 2
    assert bitter.gold == ("Boiling water",) and bitter.unit != month.unit == yes.unit
    assert len(loaded.passages) == 2 and holds_evidence(loaded)


def test_beir_knows_passages_and_no_answers(tmp_path: Path) -> None:
    loaded = formats.load(str(write_beir(tmp_path / "b")), "beir")
    tea, dam = loaded.questions
    assert {e.document for e in tea.evidence} == {"d1"} and {e.document for e in dam.evidence} == {"d2", "d3"}
    assert tea.answerable and not tea.gold and len(loaded.passages) == 3 and holds_evidence(loaded)


def test_which_qrels_are_read_is_never_a_guess(tmp_path: Path) -> None:
    one = "query-id\tcorpus-id\tscore\n1\td1\t1\n"
    several = write_beir(tmp_path / "b", {"dev.tsv": one, "train.tsv": one})
    with pytest.raises(CorpusError, match=r"needs test.tsv or a single .tsv \(dev.tsv, train.tsv\)"):
        formats.load(str(several), "beir")
    assert len(formats.load(str(several / "qrels" / "dev.tsv"), "beir").questions) == 1


def test_ragtruth_reads_its_questions_and_nothing_else(tmp_path: Path) -> None:
    write_lines(tmp_path / "r" / "source_info.jsonl", samples.RAGTRUTH)
    loaded = formats.load(str(tmp_path / "r"), "ragtruth")
    (question,) = loaded.questions
    assert [passage.paragraphs for passage in loaded.passages] == [(TEA,), (RIVER,)]
    assert not question.gold and len(question.evidence) == 4 and holds_evidence(loaded)


def test_packed_files_say_the_same(tmp_path: Path) -> None:
    plain = load_lines(tmp_path, "halueval", samples.HALUEVAL)
    content = (tmp_path / "set.jsonl").read_bytes()
    for name, packed in (("a.jsonl.gz", gzip.compress(content)), ("a.jsonl.xz", lzma.compress(content))):
        (tmp_path / name).write_bytes(packed)
        assert formats.load(str(tmp_path / name), "halueval") == plain
        (tmp_path / name).write_bytes(packed[:-20])
        with pytest.raises(CorpusError, match="cannot be unpacked"):
            formats.load(str(tmp_path / name), "halueval")


def test_texts_are_cleaned_as_those_of_documents_are(tmp_path: Path) -> None:
    row = {**samples.HALUEVAL[0], "knowledge": RIVER.replace("ninety", "ni\u00adnety\u2028"), "question": "How\tlong?"}
    loaded = load_lines(tmp_path, "halueval", [row])
    assert loaded.questions[0].question == "How long?" and holds_evidence(loaded)
    assert loaded.questions[0].evidence[0].quote == "It is ninety kilometres long and freezes in January."


@pytest.mark.parametrize(
    ("format", "rows", "message"),
    [
        ("halueval", [samples.HALUEVAL[0], {"question": "?"}], "set.jsonl:2: 'knowledge' is missing"),
        ("halueval", [{**samples.HALUEVAL[0], "right_answer": "\u200b"}], "set.jsonl:1: 'right_answer' holds no words"),
        ("halueval", [], "set.jsonl: holds no questions"),
        ("rgb", [{**samples.RGB[0], "answer": [["a", 1]]}], "set.jsonl:1: 'answer' is not a list of strings"),
        ("rgb", [{**samples.RGB[0], "answer": []}], "set.jsonl:1: 'answer' is empty"),
        ("rgb", [{**samples.RGB[0], "positive": "a"}], "set.jsonl:1: 'positive' is missing or not a list"),
        ("rgb", [samples.RGB[0], samples.RGB[0]], "set.jsonl:2: 2 questions have the id '0'"),
        ("rgb", [{**samples.RGB[0], "query": "香港立法会首次会议的时间"}], "set.jsonl: the questions are in 'zh'"),
        ("ragtruth", [{"source_id": "1", "task_type": "QA", "source_info": "x"}], ":1: 'source_info' is not a JSON"),
    ],
)  # fmt: skip
def test_what_is_malformed_is_named(tmp_path: Path, format: Format, rows: list[samples.Json], message: str) -> None:
    with pytest.raises(CorpusError, match=message):
        load_lines(tmp_path, format, rows)


@pytest.mark.parametrize("line", ["[" * 100_000, "1" * 10_000, '"', "[1]", "{"])
def test_json_that_cannot_be_read_is_one_line(tmp_path: Path, line: str) -> None:
    (tmp_path / "set.jsonl").write_text("\n" + line, encoding="utf-8")
    with pytest.raises(CorpusError, match=r"set\.jsonl:2: (not JSON|the line is not)"):
        formats.load(str(tmp_path / "set.jsonl"), "rgb")
    with pytest.raises(CorpusError, match=r"set\.jsonl"):
        formats.load(str(tmp_path / "set.jsonl"), "squad")


@pytest.mark.parametrize(
    ("qrels", "message"),
    [
        ("1 Q0 d1 1\n", "test.tsv:1: the header has to be"),
        ("query-id\tcorpus-id\tscore\n1\td1\n", "test.tsv:2: 2 columns"),
        ("query-id\tcorpus-id\tscore\n1\td1\thigh\n", "test.tsv:2: the score 'high'"),
        ("query-id\tcorpus-id\tscore\n9\td1\t1\n", "holds no questions"),
    ],
)
def test_malformed_judgements_are_named(tmp_path: Path, qrels: str, message: str) -> None:
    with pytest.raises(CorpusError, match=message):
        formats.load(str(write_beir(tmp_path / "b", {"test.tsv": qrels})), "beir")


def test_a_path_without_a_set_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no file and no folder"):
        formats.load(str(tmp_path / "gone.json"), "squad")
    with pytest.raises(ConfigError, match="is a folder"):
        formats.load(str(tmp_path), "squad")
    with pytest.raises(CorpusError, match=r"source_info\.jsonl: No such file"):
        formats.load(str(tmp_path), "ragtruth")
