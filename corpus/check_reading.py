"""Checks of the reading sets: lengths, languages, spans and full answers, the share without an answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from corpus.findings import Finding, at, error, from_exception, warning
from corpus.format import LANGUAGES, Place, ReadingPassage, ReadingQuestion, parse_passage
from corpus.records import CorpusError, parse_line, read_lines
from corpus.text import content_stems, cyrillic_share, mixed_words, word_count, words

PASSAGE_WORDS = {"en": (100, 200), "ru": (90, 180)}
SENTENCES = (6, 11)
QUESTIONS = (8, 10)
MAX_ANSWER_WORDS = 15
FULL_WORDS = (6, 20)
HARD_FULL_WORDS = (3, 30)
UNANSWERED_SHARE = (0.10, 0.30)
MAX_CYRILLIC_EN = 0.10
MIN_CYRILLIC_RU = 0.60
MIN_CYRILLIC_OTHER = 0.30


def check_reading_files(root: Path) -> tuple[list[ReadingPassage], list[Finding]]:
    """The passages that can be read, and everything that is wrong."""
    passages: list[ReadingPassage] = []
    findings: list[Finding] = []
    ids: dict[str, Place] = {}
    for language in LANGUAGES:
        for path in sorted((root / "reading" / language).glob("*.jsonl")):
            own: list[ReadingPassage] = []
            try:
                lines = list(read_lines(path))
            except CorpusError as exception:
                findings.append(from_exception(exception))
                continue
            for line, place in lines:
                try:
                    passage = parse_passage(parse_line(line, place), language, place)
                except CorpusError as exception:
                    findings.append(from_exception(exception))
                    continue
                own.append(passage)
                first = ids.setdefault(passage.id, place)
                if first is not place:
                    message = f"id {passage.id!r} is taken by {first.path.name}:{first.line}"
                    findings.append(error(place, message))
                findings += _check_passage(passage)
            findings += _unanswered_share(path, own)
            passages += own
    return passages, findings


def _check_passage(passage: ReadingPassage) -> list[Finding]:
    errors: list[str] = []
    low, high = PASSAGE_WORDS[passage.language]
    for what, count, least, most in (
        ("words", word_count(passage.text), low, high),
        ("sentences", len(passage.sentences), *SENTENCES),
        ("questions", len(passage.questions), *QUESTIONS),
    ):
        if not least <= count <= most:
            errors.append(f"{passage.id}: {count} {what}, not {least} to {most}")
    share = cyrillic_share(passage.text)
    if share > MAX_CYRILLIC_EN if passage.language == "en" else share < MIN_CYRILLIC_RU:
        errors.append(f"{passage.id}: {share:.0%} of the letters are Cyrillic")
    if any("\n" in sentence or sentence != sentence.strip() for sentence in passage.sentences):
        errors.append(f"{passage.id}: a sentence has line ends or outer spaces")
    errors += _repeated(passage)
    warnings = [f"{passage.id}: word {word!r} mixes alphabets" for word in mixed_words(passage.text)]
    for question in passage.questions:
        question_errors, question_warnings = _check_question(passage, question)
        errors += [f"{question.id}: {message}" for message in question_errors]
        warnings += [f"{question.id}: {message}" for message in question_warnings]
    return at(passage.place, errors, warnings)


def _repeated(passage: ReadingPassage) -> Iterator[str]:
    asked = [tuple(words(question.question)) for question in passage.questions]
    if len(set(asked)) < len(asked):
        yield f"{passage.id}: the same question twice"
    if all(question.answer is None for question in passage.questions):
        yield f"{passage.id}: no question has an answer"


def _check_question(passage: ReadingPassage, question: ReadingQuestion) -> tuple[list[str], list[str]]:
    share = None if question.other is None else cyrillic_share(question.other)
    if share is not None and (share < MIN_CYRILLIC_OTHER if passage.language == "en" else share > MAX_CYRILLIC_EN):
        return ["\"other\" is not in the other language"], []
    if question.answer is None or question.full is None:
        return [], []
    errors, warnings = [], []
    if passage.text[question.start : question.end] != question.answer:
        errors.append("the offsets do not cut out the answer")
    if word_count(question.answer) > MAX_ANSWER_WORDS:
        errors.append(f"answer of more than {MAX_ANSWER_WORDS} words")
    length = word_count(question.full)
    if not HARD_FULL_WORDS[0] <= length <= HARD_FULL_WORDS[1]:
        errors.append(f"full answer of {length} words")
    elif not FULL_WORDS[0] <= length <= FULL_WORDS[1]:
        warnings.append(f"full answer of {length} words; {FULL_WORDS[0]} to {FULL_WORDS[1]} is the measure")
    if any(question.full == passage.sentences[number] for number in question.evidence):
        errors.append("the full answer is the evidence sentence")
    if question.answer.lower() not in question.full.lower():
        wanted, held = content_stems(question.answer), content_stems(question.full)
        if passage.language == "en" or not wanted or len(wanted & held) < len(wanted) / 2:
            errors.append(f"the full answer does not hold {question.answer!r}")
    return errors, warnings


def _unanswered_share(path: Path, passages: Sequence[ReadingPassage]) -> list[Finding]:
    questions = [question for passage in passages for question in passage.questions]
    if not questions:
        return []
    share = sum(question.answer is None for question in questions) / len(questions)
    if UNANSWERED_SHARE[0] <= share <= UNANSWERED_SHARE[1]:
        return []
    return [warning(Place(path, 0), f"{share:.0%} of the questions have no answer; a fifth is the measure")]
