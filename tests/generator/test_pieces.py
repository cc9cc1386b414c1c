"""Pieces, their assembly and the vocabulary: what is taken apart comes together again."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.pieces import Assembler, Case, case_of, pieces_of, with_case
from generator.vocabulary import Vocabulary
from tests.generator.tiny import tiny_engine


@settings(max_examples=80, deadline=None)
@given(st.text(alphabet="abcXYZ абвЁёй 0123.,-()«»\n'\u0301é[]", max_size=60))
def test_a_copied_run_is_the_source_itself(text: str) -> None:
    tokenizer = tiny_engine().encoder.tokenizer
    pieces = pieces_of(tokenizer, text)
    assembler = Assembler()
    end = pieces[0].start if pieces else 0
    for piece in pieces:
        assembler.add(text[piece.start : piece.end], continues=piece.continues, gap=text[end : piece.start])
        end = piece.end
    assert assembler.text == text[pieces[0].start : end] if pieces else assembler.text == ""


def test_spacing_by_rule() -> None:
    assembler = Assembler()
    for surface, continues in [("the", False), ("cache", False), (",", False), ("self", False), ("-", False),
                               ("attention", False), ("(", False), ("fast", False), (")", False), (".", False),
                               ("it", False), ("work", False), ("s", True), (".", False)]:
        assembler.add(surface, continues=continues)
    assert assembler.text == "The cache, self-attention (fast). It works."


@pytest.mark.parametrize(("surface", "case"), [("the", Case.LOWER), ("The", Case.CAPITAL), ("GPT", Case.UPPER),
                                               ("A", Case.CAPITAL), ("iOS", Case.IRREGULAR), ("12", Case.LOWER)])
def test_case_is_told_and_given_back(surface: str, case: Case) -> None:
    assert case_of(surface) is case
    if case is not Case.IRREGULAR:
        assert with_case(surface.lower(), case) == surface


def test_special_tokens_in_a_text_are_letters() -> None:
    tokenizer = tiny_engine().encoder.tokenizer
    ids = {piece.id for piece in pieces_of(tokenizer, "say [SEP] [CLS] <|end|> now")}
    assert tokenizer.token_to_id("[SEP]") not in ids and tokenizer.token_to_id("[CLS]") not in ids


def test_the_vocabulary_comes_back_from_disk(tmp_path: Path) -> None:
    engine = tiny_engine()
    engine.vocabulary.save(tmp_path / "v.json")
    again = Vocabulary.load(tmp_path / "v.json", engine.encoder.tokenizer)
    assert again.entries == engine.vocabulary.entries and again.surfaces == engine.vocabulary.surfaces
