"""PDF: pages, running heads, broken words, headings, titles, files that cannot be read."""

from __future__ import annotations

import pytest
from pypdf.generic import ArrayObject, ByteStringObject, NumberObject

from ingest.errors import Encrypted, LimitExceeded, NoTextLayer, ParseError
from ingest.formats.pdf import _with_letters, parse
from ingest.formats.pdf_margins import without_margins
from ingest.formats.pdf_spacing import DrawnSpaces
from ingest.limits import Limits
from ingest.parsed import Parsed
from tests.ingest import samples


def _page_text(parsed: Parsed, number: int) -> str:
    page = parsed.pages[number - 1]
    assert page.number == number
    return parsed.text[page.start : page.end]


def _parse(content: bytes) -> Parsed:
    parsed = parse(content, "a.pdf", Limits())
    starts = [page.start for page in parsed.pages]
    assert starts[0] == 0 and parsed.pages[-1].end == len(parsed.text)
    assert all(a.end == b.start for a, b in zip(parsed.pages, parsed.pages[1:], strict=False))
    assert all(parsed.text[h.start : h.end] == h.title for h in parsed.headings)
    return parsed


def test_words_are_on_the_page_they_stand_on() -> None:
    pages = [
        [f"Only page {number} of this book speaks of topic{number}, at length and clearly."] for number in range(1, 8)
    ]
    parsed = _parse(samples.pdf(pages))
    for number in range(1, 8):
        assert f"topic{number}" in _page_text(parsed, number)
        document = parsed.document("a.pdf")
        assert document.page_of(parsed.text.index(f"topic{number}")) == number


def test_running_heads_and_page_numbers_go_and_text_does_not() -> None:
    pages = [
        [
            "A Paper on Caches",
            f"Sentence number {n} says that the cache of layer {n} holds {n} keys.",
            f"Page {n}",
        ]
        for n in range(1, 7)
    ]
    parsed = _parse(samples.pdf(pages))
    assert parsed.text.count("A Paper on Caches") == 1  # the first may be the title
    assert "Page" not in parsed.text
    assert all(f"holds {n} keys" in _page_text(parsed, n) for n in range(1, 7))


@pytest.mark.parametrize(
    ("pages", "kept"),
    [
        ([["text a", "1"], ["text b", "2"], ["text c", "3"]], [["text a"], ["text b"], ["text c"]]),
        ([["17", "text a"], ["18", "text b"]], [["text a"], ["text b"]]),
        ([["text a", "- 1 -"], ["text b", "2 of 9"]], [["text a"], ["text b"]]),
        ([["text a", "72"]], [["text a", "72"]]),  # the last cell of a table
        ([["text a", "1"]], [["text a"]]),
        (
            [["text a", "30"], ["text b", "99"], ["text c", "7"]],
            [["text a", "30"], ["text b", "99"], ["text c", "7"]],
        ),
        ([[], ["text"]], [[], ["text"]]),
    ],
)
def test_page_numbers(pages: list[list[str]], kept: list[list[str]]) -> None:
    assert without_margins(pages) == kept


def test_broken_words_and_lines_are_mended_also_over_pages() -> None:
    parsed = _parse(
        samples.pdf(
            [
                [
                    "The transformer is trained to answer ques-",
                    "tions about many things, which takes a long time and",
                    "much elec-",
                ],
                ["tricity as well."],
            ]
        )
    )
    assert parsed.text == (
        "The transformer is trained to answer questions about many things, which takes a long time and much "
        "electricity as well."
    )
    assert parsed.pages[0].end == parsed.text.index("tricity")


def test_headings_by_outline_and_by_number() -> None:
    lines = [
        "1 Introduction",
        "This introduction says what the paper is about and why that matters.",
        "2 Method",
        "We do it.",
    ]
    by_number = _parse(samples.pdf([lines]))
    assert [h.title for h in by_number.headings] == ["1 Introduction", "2 Method"]
    pages = [
        ["Overview", "Text on the first page, which is long enough."],
        ["Details", "More text."],
        ["Costs", "Much."],
    ]
    outline = [("Overview", 1), ("Details", 2), ("Costs", 3)]
    by_outline = _parse(samples.pdf(pages, outline=outline))
    assert [(h.title, h.level) for h in by_outline.headings] == [(title, 1) for title, _ in outline]


@pytest.mark.parametrize(
    ("stated", "title"),
    [("A Study of Caches", "A Study of Caches"), ("untitled", "First Line"), ("paper.dvi", "First Line")],
)
def test_title_from_metadata_or_from_the_page(stated: str, title: str) -> None:
    assert _parse(samples.pdf([["First Line"], ["Another page with other text."]], title=stated)).title == title


def test_empty_pages_keep_their_numbers() -> None:
    parsed = _parse(samples.pdf([["Words on the first page."], [], ["Words on the third."]]))
    assert _page_text(parsed, 2).strip() == ""
    assert "third" in _page_text(parsed, 3)


def test_a_file_that_only_restricts_printing_is_read() -> None:
    assert "secret text" in _parse(samples.encrypted_pdf([["Some secret text here."]], "")).text


@pytest.mark.parametrize(
    ("content", "error", "words"),
    [
        (samples.pdf([[], []]), NoTextLayer, "no text layer: scanned. run OCR first"),
        (samples.encrypted_pdf([["text"]], "password"), Encrypted, "protected by a password"),
        (b"%PDF-1.7\n" + b"\xff" * 2000, ParseError, "damaged PDF"),
        (samples.pdf([["Some text here."]])[:400], ParseError, "damaged PDF"),
    ],
)
def test_files_that_cannot_be_read(content: bytes, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words) as caught:
        parse(content, "a.pdf", Limits())
    assert "\n" not in str(caught.value)


def test_limits_on_pages_and_characters() -> None:
    content = samples.pdf([["Some words on a page."]] * 3)
    with pytest.raises(LimitExceeded, match="3 pages"):
        parse(content, "a.pdf", Limits(pages=2))
    with pytest.raises(LimitExceeded, match="30 characters"):
        parse(content, "a.pdf", Limits(characters=30))


def test_small_raised_numbers_are_exponents_and_marks_of_notes() -> None:
    def small(width: float, number: str, by: float) -> str:
        return f"/F1 0.7 Tf {width} {by} Td ({number}) Tj /F1 1 Tf {0.39 * len(number):.2f} {-by} Td "

    parsed = _parse(
        samples.operations_pdf(
            f"(It takes 10) Tj {small(4.61, '23', 0.36)} ( steps here.) Tj {small(5.22, '4', 0.36)} ( It is run 2) Tj "
            f"{small(4.39, '56', -0.15)} ( of all.) Tj"
        )
    )
    assert parsed.text == "It takes 10²³ steps here.⁴ It is run 256 of all."


@pytest.mark.parametrize(
    ("line", "read"),
    [("2EV\x03\x15\x1d\x032Q\x03WKH\x03FDELQHW\x03\x14", "Obs 2: On the cabinet 1"), ("A LINE", "A LINE"),
     ("\x03A\x03B", "\x03A\x03B"), ("\x03 words", "\x03 words"), ("", "")],
)
def test_numbers_of_glyphs_become_letters(line: str, read: str) -> None:
    assert _with_letters(line) == read


def test_a_heading_in_bold_is_no_part_of_the_sentence_behind_it() -> None:
    before = "The part before is a paragraph of its own and ends here."
    parsed = _parse(samples.pdf([[
        before, "**Masking scheme** We compare our scheme with two", "others that mask at random.",
        "**Data sets**", "Four of these are used in what follows.",
        "3.2 METHODS", "**Prompts** For two of them we write examples.",
    ]]))
    assert "Prompts\n\nFor two of them" in parsed.text
    for heading, sentence in (("Masking scheme", "We compare our scheme with two others"), ("Data sets", "Four of")):
        assert f"{heading}\n\n{sentence}" in parsed.text
    assert f"{before}\n\n" in parsed.text


@pytest.mark.parametrize(
    "line",
    ["**LoRA** adds two small matrices.", "**Results.** All of them are good.", "**93.2** BLEU was reached here."],
)
def test_bold_words_within_a_sentence_stay_in_it(line: str) -> None:
    assert line.replace("**", "") in _parse(samples.pdf([["The part before ends here.", line]])).text


def test_bold_words_amid_a_paragraph_are_no_heading() -> None:
    lines = ["The decoder that is meant here was called", "**Big Lectern** Before it was renamed by its makers."]
    assert "called Big Lectern Before" in _parse(samples.pdf([lines])).text


def _shown(words: str, spacing: float) -> str:
    """The operation that shows `words` with letters so far apart, which is taken back within each word."""
    back = round(1000 * spacing)
    letters = [f" {back} ".join(f"({letter})" for letter in word) for word in words.split()]
    return f"[{' 200 '.join(letters)}] TJ"


def test_words_that_only_the_spacing_of_letters_parts_are_words() -> None:
    words = "Each input is packed with full sentences"
    assert words in _parse(samples.operations_pdf(f"0.57 Tc {_shown(words, 0.57)}")).text
    together = _shown(words, 0.57).replace("(t) 200 (i)", "(ti)")  # a space within what is shown at once
    assert words in _parse(samples.operations_pdf(f"0.57 Tc {together}")).text


@pytest.mark.parametrize(
    ("operations", "text"),
    [
        ("0.2 Tc [(A) -10 (b) -10 (s) -10 (t) -10 (r) -10 (a) -10 (c) -10 (t)] TJ", "Abstract"),
        ("0.15 Tc [(W) 110 (ORLD NEWS)] TJ", "WORLD NEWS"),
        ("0.15 Tc [(TR) 0 (A) 135 (VELLING FAR)] TJ", "TRAVELLING FAR"),
        ("q 0.57 Tc Q [(hello) 450 (world)] TJ", "helloworld"),
    ],
)
def test_letters_that_are_spaced_out_or_kerned_make_no_words(operations: str, text: str) -> None:
    assert text in _parse(samples.operations_pdf(operations)).text


@pytest.mark.parametrize(("second", "text"), [(91.0, "the format"), (87.3, "theformat")])
def test_words_whose_font_is_named_behind_their_place_are_words(second: float, text: str) -> None:
    def part(place: float, word: str) -> str:
        return f"q BT 11 0 0 11 {place} 700 Tm /F1 1 Tf [({word})] TJ ET Q"

    operations = f"/F1 12 Tf ET {part(72.0, 'the')} {part(second, 'format')} BT"
    assert text in _parse(samples.operations_pdf(operations)).text


def test_letters_of_two_bytes_stay_whole() -> None:
    class Page(dict[str, object]):
        """What `DrawnSpaces` asks of a page."""

    font = {"/Subtype": "/Type0"}
    spaces = DrawnSpaces(Page({"/Resources": {"/Font": {"/F1": font}}}))  # type: ignore[arg-type]
    shown = ArrayObject([ByteStringObject(b"\x00A"), NumberObject(572), ByteStringObject(b"\x00B\x00C")])
    for operator, operands in ((b"Tf", ["/F1", 1]), (b"Tc", [0.57]), (b"TJ", [shown])):
        spaces.visit(operator, operands, [], [])
    assert [item for item in shown if isinstance(item, bytes)] == [b"\x00A", b"\x00B\x00C"]
