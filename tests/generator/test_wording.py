"""What reads as a sentence: no long copy is cut amid a clause, brackets are closed, nothing is denied from nowhere."""

from __future__ import annotations

import pytest

from generator.constraints import Constraints
from generator.memory import EVIDENCE, QUESTION, Passage, Prompt, PromptEncoder, Source
from generator.pieces import Piece
from generator.vocabulary import Vocabulary
from generator.wording import NEGATIONS, balanced, begins_amid, ends_amid, known_words, whole
from generator.written import Written
from tests.generator.tiny import tiny_engine

TEXT = (
    "The report says that parts of the set were mixed in by accident, and the results on it were left out. "
    "Nobody knows more."
)


def copied(start: int, end: int) -> list[Written]:
    """TEXT[start:end], word by word."""
    pieces, at = [], start
    for word in TEXT[start:end].split(" "):
        gap = " " if at > 0 and TEXT[at - 1] == " " else ""
        for part in ([word[:-1], word[-1]] if word[-1] in ",." else [word]):
            source = Source(0, EVIDENCE, Piece(0, 0, at, at + len(part), False), part, gap)  # type: ignore[arg-type]
            pieces.append(Written(at, at + len(part), source, 0.0))
            at, gap = at + len(part), ""
        at += 1
    return pieces


def said(quote: str) -> bool:
    start = TEXT.index(quote)
    return whole(quote, copied(start, start + len(quote)), [TEXT])


@pytest.mark.parametrize(
    "quote",
    [
        "Nobody knows more.", "parts of the set were mixed in by accident", "the results on it were left out.",
        "the set", "results",
    ],
)
def test_clauses_and_single_terms_are_whole(quote: str) -> None:
    assert said(quote)


@pytest.mark.parametrize(
    "quote",
    ["says that parts of the set were mixed", "the results on it were left", "of the set were mixed in by accident"],
)
def test_half_a_clause_is_not(quote: str) -> None:
    assert not said(quote)


def test_a_full_stop_of_ones_own_mends_nothing() -> None:
    cut = "and the results on it were"
    start = TEXT.index(cut)
    stop = Written(len(cut), len(cut) + 1, None, 0.0)
    assert not whole(cut + ".", [*copied(start, start + len(cut)), stop], [TEXT])
    kept = "by accident"
    start = TEXT.index(kept)
    assert whole(kept + ".", [*copied(start, start + len(kept)), stop], [TEXT])


def test_stops_and_conjunctions_are_where_clauses_meet() -> None:
    assert ends_amid("it was left out", 6) and not ends_amid("it was left, so be it", 11)
    assert begins_amid("it was left out", 7) and not begins_amid("it was said that all left", 17)
    assert not ends_amid("модель пишет ответ, а потом", 18) and not begins_amid("модель знает, что ответа нет", 18)


def test_brackets_are_closed_in_their_order() -> None:
    assert balanced("«a (b) c»") and balanced("no brackets")
    assert not balanced("a) b") and not balanced("a (b") and not balanced("«a (b» c)")


def test_what_opens_a_sentence_stands_nowhere_else_and_no_bracket_comes_first() -> None:
    start = TEXT.index("The report")
    opening = copied(start, start + len("The report says"))
    tail = copied(TEXT.index("the set"), TEXT.index("the set") + len("the set"))
    assert not whole("the set The report says", [*tail, *opening], [TEXT])
    assert balanced("A (b).") and not balanced("(A) b") and not balanced(", a")


def test_words_that_there_are_not_are_told_from_forms_of_those_that_there_are() -> None:
    def spelt(*parts: str) -> list[Written]:
        ends = [sum(len(part) for part in parts[: n + 1]) for n in range(len(parts))]
        return [Written(end - len(part), end, None, 0.0) for part, end in zip(parts, ends, strict=True)]

    known = "The model finds a constant."
    assert known_words("models", spelt("model", "s"), known)
    assert not known_words("condes", spelt("con", "des"), known)
    assert known_words("anything", spelt("anything"), known)
    assert known_words("report", copied(TEXT.index("report"), TEXT.index("report") + 6), known)


def test_a_bracket_is_closed_when_one_is_open() -> None:
    engine = tiny_engine()
    prompt = Prompt("What is stored?", (Passage("A", "Keys (and values) are stored, and queries are not."),))
    (sources,) = engine.encoder.batch([prompt]).sources
    constraints, V = Constraints(engine.vocabulary, sources, grounded=True), len(engine.vocabulary)
    at = {s.surface: V + m for m, s in enumerate(sources) if s is not None and s.kind == EVIDENCE}
    assert constraints.bars([at["Keys"]])[at[")"]] == float("-inf")
    assert constraints.bars([at["Keys"], at["("], at["values"]])[at[")"]] == 0.0
    assert constraints.bars([at["("], at[")"], at["stored"]])[at[")"]] == float("-inf")


def test_negations_are_copied_from_passages_or_not_written() -> None:
    tokenizer = tiny_engine().encoder.tokenizer
    vocabulary = Vocabulary.choose(tokenizer, ["It is not there.", "Её нет, и не будет."], 200)
    whole_words = [n for n, continues in enumerate(vocabulary.continues) if not continues]
    denying = [n for n in whole_words if vocabulary.surfaces[n] in NEGATIONS]
    prompt = Prompt("Why is it not so?", (Passage("A", "It is not so."),))
    (sources,) = PromptEncoder(tokenizer).batch([prompt]).sources
    bars = Constraints(vocabulary, sources, grounded=True).bars([])
    free = Constraints(vocabulary, sources, grounded=False).bars([])
    assert denying and all(bars[n] == float("-inf") and free[n] == 0.0 for n in denying)
    places = {s.kind: float(bars[len(vocabulary) + m]) for m, s in enumerate(sources) if s and s.surface == "not"}
    assert places == {QUESTION: float("-inf"), EVIDENCE: 0.0}
