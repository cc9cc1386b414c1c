"""Checks of the question files: every pair by itself, then the files as a whole.

By itself: quotes stand in the documents they name, gold in the quotes and the answer but not in the question,
lengths, languages. As a whole: ids, openings, how much of a question is echoed by its evidence, how many need
two quotes.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median

from corpus.check_documents import CorpusDocument
from corpus.findings import Finding, at, error, from_exception, warning
from corpus.format import LANGUAGES, Place, Question, parse_pair
from corpus.records import CorpusError, parse_line, read_lines
from corpus.text import contains_words, content_stems, cyrillic_share, mixed_words, word_count, words

MAX_QUOTES = 3
MAX_GOLD = 3
MAX_GOLD_WORDS = 6
ANSWER_WORDS = (8, 40)
HARD_ANSWER_WORDS = (3, 60)
MAX_CYRILLIC_EN = 0.30
MIN_CYRILLIC_RU = 0.25
OPENING_WORDS = 4
MAX_OPENING_SHARE = 0.03
MAX_MEDIAN_OVERLAP = 0.5
MIN_TWO_QUOTES = 0.25
_SENTENCE_END = re.compile(r"[.!?…:;][»\"”’)*_`]*$")


def check_question_files(
    root: Path, documents: Sequence[CorpusDocument]
) -> tuple[list[Question], list[Finding]]:
    """The questions that can be read, and everything that is wrong with single pairs and ids."""
    questions: list[Question] = []
    findings: list[Finding] = []
    texts = {document.name: document.text for document in documents}
    pairs: dict[str, Place] = {}
    for path in sorted((root / "questions").glob("*.jsonl")):
        try:
            lines = list(read_lines(path))
        except CorpusError as exception:
            findings.append(from_exception(exception))
            continue
        for line, place in lines:
            try:
                sides = parse_pair(parse_line(line, place), place)
            except CorpusError as exception:
                findings.append(from_exception(exception))
                continue
            questions += sides
            first = pairs.setdefault(sides[0].pair, place)
            if first is not place:
                message = f"id {sides[0].pair!r} is taken by {first.path.name}:{first.line}"
                findings.append(error(place, message))
            findings += _check_pair(line, sides, texts)
    return questions, findings


def _check_pair(line: str, sides: Sequence[Question], texts: Mapping[str, str]) -> list[Finding]:
    place, pair = sides[0].place, sides[0].pair
    errors, warnings = [], []
    if not re.fullmatch(rf"{re.escape(place.path.stem)}-\d\d", pair):
        errors.append(f"id {pair!r} is not the file's name and two digits")
    if len(sides) < len(LANGUAGES):
        errors.append(f"{pair} has no {'ru' if sides[0].language == 'en' else 'en'}")
    if re.search(r"\\u0[0-9a-f]{3}", line, re.IGNORECASE):
        warnings.append(f"{pair} is written with \\u escapes")
    if "\r" in line:
        errors.append(f"{pair} ends in a carriage return")
    for side in sides:
        side_errors, side_warnings = _check_side(side, texts)
        errors += [f"{side.id}: {message}" for message in side_errors]
        warnings += [f"{side.id}: {message}" for message in side_warnings]
    return at(place, errors, warnings)


def _check_side(question: Question, texts: Mapping[str, str]) -> tuple[list[str], list[str]]:
    errors = _language(question)
    warnings = [
        f"word {word!r} mixes alphabets" for word in mixed_words(f"{question.question} {question.answer}")
    ]
    if not question.answerable:
        return errors, warnings
    length = word_count(question.answer)
    if not HARD_ANSWER_WORDS[0] <= length <= HARD_ANSWER_WORDS[1]:
        errors.append(f"answer of {length} words")
    elif not ANSWER_WORDS[0] <= length <= ANSWER_WORDS[1]:
        warnings.append(f"answer of {length} words; {ANSWER_WORDS[0]} to {ANSWER_WORDS[1]} is the measure")
    quote_errors, quote_warnings = _quotes(question, texts)
    return errors + _gold(question) + quote_errors, warnings + quote_warnings


def _language(question: Question) -> list[str]:
    errors = []
    for name, text in (("question", question.question), ("answer", question.answer)):
        share = cyrillic_share(text)
        right = share <= MAX_CYRILLIC_EN if question.language == "en" else share >= MIN_CYRILLIC_RU
        if text and not right:
            errors.append(f"{share:.0%} of the letters of the {name} are Cyrillic")
    return errors


def _gold(question: Question) -> list[str]:
    errors = []
    if len(question.gold) > MAX_GOLD:
        errors.append(f"{len(question.gold)} gold strings, at most {MAX_GOLD}")
    quotes = " ".join(item.quote for item in question.evidence).lower()
    if question.gold[0].lower() not in question.answer.lower():
        errors.append(f"gold {question.gold[0]!r} is not in the answer")
    for gold in question.gold:
        if gold.lower() not in quotes:
            errors.append(f"gold {gold!r} is not in the evidence")
    for gold in (*question.gold, *(item for group in question.gold_all for item in group)):
        if word_count(gold) > MAX_GOLD_WORDS:
            errors.append(f"gold {gold!r} has more than {MAX_GOLD_WORDS} words")
        if contains_words(question.question, gold):
            errors.append(f"gold {gold!r} is in the question")
    for group in question.gold_all:
        for name, text in (("evidence", quotes), ("answer", question.answer.lower())):
            if not any(item.lower() in text for item in group):
                errors.append(f"nothing of gold_all {list(group)} is in the {name}")
    return errors


def _quotes(question: Question, texts: Mapping[str, str]) -> tuple[list[str], list[str]]:
    errors, warnings = [], []
    if len(question.evidence) > MAX_QUOTES:
        errors.append(f"{len(question.evidence)} quotes, at most {MAX_QUOTES}")
    if len({item.quote for item in question.evidence}) < len(question.evidence):
        errors.append("the same quote twice")
    for item in question.evidence:
        text = texts.get(item.document)
        if text is None:
            errors.append(f"no document {item.document!r}")
        elif f"/{question.language}/" not in item.document:
            errors.append(f"{item.document} is of the other language")
        elif "\n" in item.quote or item.quote not in text:
            errors.append(f"not in {item.document}: {item.quote[:60]!r}")
        elif not _is_whole(text, item.quote):
            warnings.append(f"not a whole sentence of {item.document}: {item.quote[:60]!r}")
    cited = {Path(item.document).stem for item in question.evidence}
    if question.unit not in cited and not question.unit.startswith("general-"):
        warnings.append(f"no quote is from the documents of {question.unit}")
    return errors, warnings


def _is_whole(text: str, quote: str) -> bool:
    start = text.index(quote)
    before, after = text[:start].rstrip(" "), text[start + len(quote) :]
    begins = not before or before[-1] in "\n|-*>" or bool(_SENTENCE_END.search(before[-4:]))
    return begins and (not after or after[0] == "\n" or bool(_SENTENCE_END.search(quote[-4:])))


def opening(text: str) -> str:
    """The first four words, by which questions are held to differ."""
    return " ".join(words(text)[:OPENING_WORDS])


def overlap(question: Question) -> float:
    """The share of the content words of a question that its evidence has too."""
    asked = content_stems(question.question)
    found = content_stems(" ".join(item.quote for item in question.evidence))
    return len(asked & found) / len(asked) if asked else 0.0


def check_question_set(root: Path, questions: Sequence[Question]) -> list[Finding]:
    """Openings, overlap and the share of two quotes over all questions of a language."""
    findings: list[Finding] = []
    place = Place(root / "questions", 0)
    for language in LANGUAGES:
        own = [q for q in questions if q.language == language]
        answerable = [q for q in own if q.answerable]
        if not answerable:
            continue
        for text, count in Counter(opening(q.question) for q in own).items():
            if count > max(2.0, MAX_OPENING_SHARE * len(own)):
                message = f"{language}: {count} of {len(own)} questions open with {text!r}"
                findings.append(error(place, message))
        middle = median(overlap(q) for q in answerable)
        if middle >= MAX_MEDIAN_OVERLAP:
            findings.append(error(place, f"{language}: median overlap of question and evidence {middle:.2f}"))
        two = sum(len(q.evidence) > 1 for q in answerable) / len(answerable)
        if two < MIN_TWO_QUOTES:
            findings.append(error(place, f"{language}: {two:.0%} of the questions have two quotes or more"))
        for unit in sorted({q.unit for q in answerable}):
            shares = [overlap(q) for q in answerable if q.unit == unit]
            if len(shares) >= 3 and median(shares) >= MAX_MEDIAN_OVERLAP + 0.1:
                message = f"{language}: median overlap {median(shares):.2f} in this unit"
                findings.append(warning(Place(root / "questions" / f"{unit}.jsonl", 0), message))
    return findings
