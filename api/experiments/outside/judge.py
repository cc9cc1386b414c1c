"""A model from outside judges what every arm answered: is it right, and do its citations support its sentences?

- right: asked of answers to answerable questions with a reference answer, which it is shown with the evidence. To an
  unanswerable question any answer is wrong already, and there is no reference to judge by.
- supported: asked sentence by sentence with the quotes that the sentence cites; one without citations is unsupported,
  and nobody is asked. A closed book cites nothing: of its answers nothing is said.

A verdict is one word. A reply that is anything else counts as none: it is left out of the figures, and counted. A judge
errs too, and is said to prefer what it wrote itself (Panickssery et al. 2024, arXiv 2404.13076; Zheng et al. 2023,
arXiv 2306.05685), so its verdicts stand beside our measures and replace none; how far the two agree is in agreement.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from api.experiments import metrics
from api.experiments.outside import prompts
from api.experiments.outside.reading import one_word
from api.experiments.outside.replies import Message, Replies
from corpus.format import Question
from generator.answer import Answer, Sentence


@dataclass(frozen=True, slots=True)
class Verdicts:
    """On one answer. right, supported: None where the judge was not asked, or said no verdict. asked, unread: how many
    verdicts were asked for, and how many replies were none."""

    right: bool | None = None
    supported: bool | None = None
    asked: int = 0
    unread: int = 0

    def values(self) -> dict[str, float]:
        """The figures, by name; those that do not apply are left out."""
        found = {metrics.JUDGED_RIGHT: self.right, metrics.JUDGED_SUPPORTED: self.supported}
        return {name: float(verdict) for name, verdict in found.items() if verdict is not None}


class Judge:
    """Judges by `replies`, greedily: the same answer gets the same verdict."""

    def __init__(self, replies: Replies) -> None:
        self._replies = replies

    def verdicts(self, question: Question, answer: Answer) -> Verdicts:
        """The verdicts on an answer; none on an abstention. Raises OutsideError."""
        if answer.status != "answered":
            return Verdicts()
        asked: list[bool | None] = []
        right = supported = None
        if question.answerable and (question.answer or question.gold):
            text = " ".join(sentence.text for sentence in answer.sentences)
            right = self._verdict(prompts.is_right(question, text), prompts.RIGHT, prompts.WRONG)
            asked.append(right)
        if answer.mode == "rag":
            found = [self._supported(sentence) for sentence in answer.sentences]
            asked += [verdict for sentence, verdict in zip(answer.sentences, found, strict=True) if sentence.citations]
            supported = _all(found)
        return Verdicts(right, supported, len(asked), asked.count(None))

    def _supported(self, sentence: Sentence) -> bool | None:
        if not sentence.citations:
            return False
        quotes = [" ".join(citation.quote.split()) for citation in sentence.citations]
        return self._verdict(prompts.is_supported(sentence.text, quotes), prompts.SUPPORTED, prompts.UNSUPPORTED)

    def _verdict(self, messages: Sequence[Message], yes: str, no: str) -> bool | None:
        word = one_word(self._replies.reply(messages, temperature=0.0, seed=0).text)
        return {yes: True, no: False}.get(word)


def _all(verdicts: Sequence[bool | None]) -> bool | None:
    """Whether all hold; None where that hangs on one that is not known."""
    if False in verdicts:
        return False
    return None if None in verdicts or not verdicts else True
