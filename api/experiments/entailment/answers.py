"""Figures of an answer that need entailment, by their published definitions; a verifier stands in for the large model.

ALCE (Gao et al. 2023, arXiv 2305.14627, section 4). A statement (here a sentence) has *citation recall* 1 where its
citations taken together carry it, else 0; the answer's is their mean. A citation is *precise* where its statement has
recall 1 and the citation is not irrelevant: irrelevant is one that alone does not carry the statement while the others
without it do. The answer's citation precision is the share of its citations that are precise; an answer that cites
nothing has none (ALCE's program gives it 0).

RAGChecker (Ru et al. 2024, arXiv 2408.08067, section 3.3), with sentences as the claims. A claim is *correct* where the
reference carries it, *faithful* where one of the passages read does.

    faithfulness        share of the claims that are faithful
    noise sensitivity   share that are faithful and not correct (relevant and irrelevant passages together)
    hallucination       share that are neither
    self-knowledge      share that are correct and not faithful

The reference is the question's answer with its evidence quotes; where an answer has sentences in the other language,
the same in that language is a second one. To an unanswerable question nothing is correct. A
closed book reads no passages: of these figures it has hallucination alone, which then is all that is not correct.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from api.experiments import metrics
from corpus.format import Question
from generator.answer import Answer, Sentence

Entails = Callable[[str, str], bool]  # (claim, text)


def judged_by_entailment(
    question: Question, answer: Answer, entails: Entails, other: Question | None = None
) -> dict[str, float]:
    """The figures that apply to an answer that was given; of a question without a known answer, those on its citations
    and passages. other: the same question in another language, in which the answer has sentences."""
    if not answer.sentences:
        return {}
    known = not question.answerable or bool(question.answer)
    references = [_reference(one) for one in ([question] if other is None else [question, other])]
    passages = [hit.chunk.text for hit in answer.hits]
    values: dict[str, float] = {}
    if answer.mode != "closed_book":
        values = citation_figures(answer.sentences, entails)
    return values | claim_figures([s.text for s in answer.sentences], passages, references if known else None, entails)


def citation_figures(sentences: Sequence[Sentence], entails: Entails) -> dict[str, float]:
    """ALCE's citation recall, and precision if anything is cited."""
    carried = precise = cited = 0
    for sentence in sentences:
        quotes = [citation.quote for citation in sentence.citations]
        cited += len(quotes)
        if quotes and entails(sentence.text, " ".join(quotes)):
            carried += 1
            precise += sum(not _irrelevant(sentence.text, quotes, n, entails) for n in range(len(quotes)))
    values = {metrics.ALCE_RECALL: carried / len(sentences)}
    return values | ({metrics.ALCE_PRECISION: precise / cited} if cited else {})


def claim_figures(
    claims: Sequence[str], passages: Sequence[str], references: Sequence[str] | None, entails: Entails
) -> dict[str, float]:
    """RAGChecker's split of the claims. references: a claim is correct where one of them carries it; None where what is
    correct is not known."""
    faithful = [any(entails(claim, passage) for passage in passages) for claim in claims]
    values = {metrics.FAITHFUL: sum(faithful) / len(claims)} if passages else {}
    if references is None:
        return values
    correct = [any(one and entails(claim, one) for one in references) for claim in claims]
    both = list(zip(faithful, correct, strict=True))
    values[metrics.HALLUCINATED] = sum(not held and not right for held, right in both) / len(claims)
    if passages:
        values[metrics.NOISE] = sum(held and not right for held, right in both) / len(claims)
        values[metrics.SELF_KNOWLEDGE] = sum(right and not held for held, right in both) / len(claims)
    return values


def _reference(question: Question) -> str:
    return " ".join([question.answer, *(evidence.quote for evidence in question.evidence)]).strip()


def _irrelevant(claim: str, quotes: Sequence[str], n: int, entails: Entails) -> bool:
    others = [*quotes[:n], *quotes[n + 1 :]]
    return bool(others) and not entails(claim, quotes[n]) and entails(claim, " ".join(others))
