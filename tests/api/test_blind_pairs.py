"""Pairs are drawn with sides that balance, and counted back to whose words they were."""

from __future__ import annotations

from api.evaluate.baselines import BEST
from api.evaluate.writing import OWN
from tests.bench.blind_pairs import decoder_first, drawn, summary


def test_preferences_are_counted_for_whose_words_they_were() -> None:
    saved = [
        {"id": str(n), "source": "docs-en" if n % 2 else "docs-ru", "question": "Why?",
         "answers": {OWN: {"text": f"own {n}"}, BEST: {"text": f"best {n}" if n < 60 else f"own {n}."}}}
        for n in range(70)
    ]
    pairs = drawn(saved, {str(n): "passage" for n in range(70)}, count=40)
    assert len({pair["id"] for pair in pairs}) == 40 and all(int(pair["id"]) < 60 for pair in pairs)
    assert sum(pair["source"] == "docs-en" for pair in pairs) == 20
    assert 8 < sum(decoder_first(pair["id"]) for pair in pairs) < 32
    for pair in pairs:  # a marker who likes the decoder, but for one pair and one that is not marked
        pair["preferred"] = "a" if pair["a"].startswith("own") else "b"
    pairs[0]["preferred"], pairs[1]["preferred"] = "neither", None
    told = summary(pairs)[0]
    assert told.startswith("all: 39 pairs: the decoder's words preferred in 38, the sentence in 0, neither in 1")
