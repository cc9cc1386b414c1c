"""/v1/documents/{id}/pages/{number}/image and /boxes: a page of a PDF as it looks, and where a quote is on it."""

from __future__ import annotations

import io

import pytest
from fastapi.testclient import TestClient
from PIL import Image

from api.pipeline import Pipeline
from tests.api.test_documents_http import finished
from tests.ingest import samples

FIRST = ["A cache keeps the keys and values of past tokens.", "It saves computing them again at every step."]
SECOND = ["Its memory grows with the length of the sequence."]


@pytest.fixture
def paper(client: TestClient) -> str:
    """The id of a PDF of two pages."""
    job = client.post("/v1/documents", files={"files": ("paper.pdf", samples.pdf([FIRST, SECOND]))}).json()["job"]
    return str(finished(client, job)["results"][0]["document_id"])


def test_a_page_of_a_pdf_is_shown_as_it_looks(client: TestClient, paper: str) -> None:
    response = client.get(f"/v1/documents/{paper}/pages/2/image?width=300")
    assert response.status_code == 200 and response.headers["content-type"] == "image/png"
    assert abs(Image.open(io.BytesIO(response.content)).width - 300) <= 1
    assert client.get(f"/v1/documents/{paper}").json()["page_images"] is True


def test_the_words_of_a_quote_are_boxed_on_their_page(client: TestClient, pipeline: Pipeline, paper: str) -> None:
    text = pipeline.document(paper).text
    for number, quote, lines in ((1, FIRST[1], 1), (1, " ".join(FIRST), 2), (2, SECOND[0], 1)):
        start = text.index(quote)
        asked = f"/v1/documents/{paper}/pages/{number}/boxes?start={start}&end={start + len(quote)}"
        found = client.get(asked).json()
        assert (found["start"], found["end"]) == (start, start + len(quote)) and found["number"] == number
        assert len(found["boxes"]) == lines
        for box in found["boxes"]:
            assert 0 <= box["left"] < box["right"] <= found["width"]
            assert 0 <= box["top"] < box["bottom"] <= found["height"]


def test_of_what_goes_over_the_end_of_a_page_its_own_part_is_boxed(
    client: TestClient, pipeline: Pipeline, paper: str
) -> None:
    end = len(pipeline.document(paper).text)
    parts = [client.get(f"/v1/documents/{paper}/pages/{n}/boxes?start=0&end={end}").json() for n in (1, 2)]
    assert [len(part["boxes"]) for part in parts] == [len(FIRST), len(SECOND)]
    assert parts[0]["start"] == 0 and parts[0]["end"] == parts[1]["start"] and parts[1]["end"] == end


def test_what_cannot_be_shown_is_a_problem(client: TestClient, pipeline: Pipeline, paper: str) -> None:
    note = next(info.id for info in pipeline.documents() if info.title == "KV cache")
    assert client.get(f"/v1/documents/{note}").json()["page_images"] is False
    for path, status in (
        (f"{paper}/pages/3/image", 404), (f"{paper}/pages/0/image", 422), (f"{paper}/pages/1/image?width=1", 422),
        (f"{paper}/pages/1/image?width=9999", 422), (f"{note}/pages/1/image", 404), ("nothing/pages/1/image", 404),
        (f"{paper}/pages/1/boxes", 422), (f"{paper}/pages/1/boxes?start=5&end=5", 422),
        (f"{paper}/pages/1/boxes?start=9&end=5", 422), (f"{paper}/pages/2/boxes?start=0&end=5", 422),
        (f"{paper}/pages/1/boxes?start=-1&end=5", 422), (f"{note}/pages/1/boxes?start=0&end=5", 404),
    ):
        response = client.get(f"/v1/documents/{path}")
        assert response.status_code == status, path
        assert response.headers["content-type"] == "application/problem+json"


def test_where_the_file_is_lost_the_text_is_still_there(client: TestClient, pipeline: Pipeline, paper: str) -> None:
    pipeline.original(paper)[0].unlink()
    assert client.get(f"/v1/documents/{paper}").json()["page_images"] is False
    assert client.get(f"/v1/documents/{paper}/pages/1/image").status_code == 503
    assert client.get(f"/v1/documents/{paper}/pages/1").status_code == 200
