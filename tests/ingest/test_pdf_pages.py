"""Pages of PDFs as they look: pictures of the asked size, words found where they are drawn."""

from __future__ import annotations

import io

import pypdfium2 as pdfium
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from pypdf import PdfReader, PdfWriter
from pypdf.generic import RectangleObject

from ingest.errors import Encrypted, ParseError
from ingest.formats import pdf
from ingest.formats.pdf_pages import page_image, page_places, squeezed
from ingest.limits import Limits
from ingest.page_places import Box, PagePlaces
from ingest.sandbox import Sandbox
from tests.ingest import samples

LINES = [
    "The reader reads and the decoder writes.",
    "A cache keeps what was com-",
    "puted for the tokens before, which saves time.",
    "The reader reads and the decoder writes.",
    "Its efficiency is measured in milliseconds.",
]
SAMPLE = samples.pdf([LINES, ["Another page."]])
# `samples.pdf` writes line i from x = 72 on, 780 - 14 i points above the lower edge of an A4 page.
WIDTH, HEIGHT = 595.3, 841.9


def baseline(line: int) -> float:
    """How far below the upper edge the letters of a line stand."""
    return HEIGHT - (780 - 14 * line)


def lines_of(places: PagePlaces) -> list[int]:
    """The lines that the boxes are on."""
    return [
        line for box in places.boxes for line in range(len(LINES)) if box.top < baseline(line) - 2 < box.bottom
    ]


@pytest.mark.parametrize("width", [16, 600, 1201])
def test_a_page_is_drawn_as_wide_as_asked(width: int) -> None:
    picture = Image.open(io.BytesIO(page_image(SAMPLE, "a.pdf", 1, width)))
    assert picture.format == "PNG" and abs(picture.width - width) <= 1
    assert abs(picture.height - width * HEIGHT / WIDTH) <= 2


def test_what_is_drawn_is_the_page_asked_for() -> None:
    dark = []
    for number in (1, 2):
        picture = Image.open(io.BytesIO(page_image(SAMPLE, "a.pdf", number, 600))).convert("L")
        dark.append(sum(picture.histogram()[:128]))
    assert dark[0] > 3 * dark[1] > 0


def test_a_strip_of_paper_does_not_become_a_huge_picture() -> None:
    writer = PdfWriter()
    writer.add_blank_page(width=10, height=14_000)
    file = io.BytesIO()
    writer.write(file)
    picture = Image.open(io.BytesIO(page_image(file.getvalue(), "a.pdf", 1, 2_000)))
    assert picture.height <= 8_001


@pytest.mark.parametrize(
    ("words", "lines"),
    [
        ("Its efficiency is measured", [4]),
        ("what was computed for the tokens", [1, 2]),  # put together again by cleaning
        ("WHAT WAS COMPUTED", [1, 2]),
        ("its eﬃciency", [4]),  # the ligature
        ("a sentence that stands nowhere on it", []),
        ("–", []),
    ],
)
def test_words_are_found_on_their_lines(words: str, lines: list[int]) -> None:
    places = page_places(SAMPLE, "a.pdf", 1, words, 0.0)
    assert lines_of(places) == lines and len(places.boxes) == len(lines)
    assert places.width == pytest.approx(WIDTH, abs=1) and places.height == pytest.approx(HEIGHT, abs=1)
    assert all(70 < box.left < box.right < 400 for box in places.boxes)


@pytest.mark.parametrize(("place", "line"), [(0.0, 0), (0.6, 3)])
def test_of_words_that_are_there_twice_the_nearer_are_found(place: float, line: int) -> None:
    assert lines_of(page_places(SAMPLE, "a.pdf", 1, LINES[0], place)) == [line]


def test_where_a_part_is_not_there_the_others_count() -> None:
    words = "A cache keeps what was computed (√d is not drawn) for the tokens before"
    assert lines_of(page_places(SAMPLE, "a.pdf", 1, words, 0.0)) == [1, 2]


def text_in(content: bytes, box: Box) -> str:
    """What PDFium reads in a box of an unrotated page."""
    document = pdfium.PdfDocument(content)
    try:
        page = document[0]
        height = page.get_height()
        text: str = page.get_textpage().get_text_bounded(box.left, height - box.bottom, box.right, height - box.top)
        return text
    finally:
        document.close()


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_boxes_hold_the_words_and_nothing_else(data: st.DataObject) -> None:
    text = pdf.parse(SAMPLE, "a.pdf", Limits()).text.split("\n\n")[0]
    ends = [0, *(index for index, character in enumerate(text) if character == " "), len(text)]
    start, end = sorted(data.draw(st.lists(st.sampled_from(ends), min_size=2, max_size=2, unique=True)))
    places = page_places(SAMPLE, "a.pdf", 1, text[start:end], start / len(text))
    found = "".join(text_in(SAMPLE, box) for box in places.boxes)
    assert squeezed(found) == squeezed(text[start:end])


@pytest.mark.parametrize("angle", [90, 180, 270])
def test_on_a_rotated_page_boxes_are_where_the_words_are_seen(angle: int) -> None:
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(SAMPLE)))
    writer.pages[0].rotate(angle)
    file = io.BytesIO()
    writer.write(file)
    places = page_places(file.getvalue(), "a.pdf", 1, LINES[4], 0.0)
    picture = Image.open(io.BytesIO(page_image(file.getvalue(), "a.pdf", 1, round(places.width)))).convert("L")
    assert places.boxes
    for box in places.boxes:
        inside = picture.crop((int(box.left), int(box.top), int(box.right) + 1, int(box.bottom) + 1))
        assert sum(inside.histogram()[:160]) > 0


def test_on_a_cropped_page_boxes_are_where_the_words_are_seen() -> None:
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(SAMPLE)))
    writer.pages[0].cropbox = RectangleObject((50, 700, 450, 800))
    file = io.BytesIO()
    writer.write(file)
    places = page_places(file.getvalue(), "a.pdf", 1, LINES[0], 0.0)
    (box,) = places.boxes
    assert (round(places.width), round(places.height)) == (400, 100)
    assert box.left == pytest.approx(22, abs=1) and box.top < 800 - 780 < box.bottom


@pytest.mark.parametrize(
    ("content", "number", "kind", "words"),
    [
        (b"%PDF-1.7 nothing more", 1, ParseError, "damaged"),
        (SAMPLE, 3, ParseError, "no page 3"),
        (samples.encrypted_pdf([LINES], "secret"), 1, Encrypted, "password"),
    ],
)
def test_what_cannot_be_drawn_is_an_error_in_one_line(
    content: bytes, number: int, kind: type[ParseError], words: str
) -> None:
    with Sandbox(Limits()) as sandbox:
        with pytest.raises(kind, match=words) as caught:
            sandbox.page_image(content, "a.pdf", number, 300)
        assert str(caught.value).startswith("a.pdf: ") and "\n" not in str(caught.value)
        assert sandbox.page_image(SAMPLE, "b.pdf", 1, 300).startswith(b"\x89PNG")


def test_a_file_that_only_restricts_printing_is_drawn() -> None:
    assert page_places(samples.encrypted_pdf([LINES], ""), "a.pdf", 1, LINES[4], 0.0).boxes


def test_the_sandbox_gives_what_the_functions_give() -> None:
    with Sandbox(Limits()) as sandbox:
        assert sandbox.page_image(SAMPLE, "a.pdf", 1, 300) == page_image(SAMPLE, "a.pdf", 1, 300)
        assert sandbox.page_places(SAMPLE, "a.pdf", 1, LINES[2], 0.4) == page_places(SAMPLE, "a.pdf", 1, LINES[2], 0.4)
        assert sandbox.parse(SAMPLE, "a.pdf").pages[1].number == 2
