"""What an answer has to beat: texts lifted from the passages that were read, with nothing written.

- nearest sentence: the candidate sentence with the highest cosine with the question, by the embedder;
- best span: the reader's best answer span (Rajpurkar et al. 2016, arXiv 1606.05250; Devlin et al. 2019, arXiv
  1810.04805, for start + end scores);
- best sentence: the sentence that the reader and the fitted weights chose, as a quotation;
- chosen sentences: that one and those quoted beside it, which are the very sentences that the decoder writes from.

Candidates are the sentences that the reader saw, without questions and fragments (`generator.evidence.candidates`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.decisions import SENTENCE

if TYPE_CHECKING:  # imports torch; the server, which can run experiments, starts without it
    from generator.evidence import Candidate, Finding

NEAREST, SPAN, BEST, CHOSEN = "nearest sentence", "best span", "best sentence", "chosen sentences"
BASELINES = (NEAREST, SPAN, BEST, CHOSEN)
_COSINE = SENTENCE.index("cosine")


def baselines(finding: Finding) -> dict[str, str]:
    """The text of each baseline, in the order of BASELINES; "" where there is nothing to lift. None abstains."""

    def text(*chosen: Candidate) -> str:
        return " ".join(" ".join(finding.passages[one.passage][slice(*one.interval)].split()) for one in chosen)

    nearest = sorted(finding.candidates, key=lambda one: -one.features[_COSINE])[:1]
    passage, start, end = finding.span or (0, 0, 0)
    choice = finding.choice
    best = () if choice is None else (choice.candidate,)
    shown = () if choice is None else choice.shown
    return {
        NEAREST: text(*nearest), SPAN: finding.passages[passage][start:end] if finding.span else "",
        BEST: text(*best), CHOSEN: text(*shown),
    }
