"""Why an answer with documents is wrong: one cause each, the first that applies along the way an answer is made.

1. should have abstained   the question is unanswerable, and it was answered all the same;
2. retriever miss          no chunk that holds a gold quote is among the candidates before reranking;
3. reranker miss           one was among the candidates, none among the passages read;
4. conflicting evidence    one was read, and a planted passage that contradicts it is cited;
5. evidence ignored        one was read, but no citation points into it: another passage was believed;
6. guess                   one was read and cited, and still the wrong sentence or words came out of it.

An arm without a reranker reads its candidates, so what it does not read counts as its retriever's miss. Evidence in
the other language of the corpus counts as the question's own: what was read then had the answer in it. A question
that needs two quotes has its evidence "found" with one of them: a comparison that saw one side only ends as a guess. A
closed book has no causes: there is nothing that could have been missed.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal, get_args

from api.experiments.arms import Result
from corpus.format import Question

Cause = Literal[
    "retriever miss", "reranker miss", "conflicting evidence", "evidence ignored", "guess", "should have abstained"
]
CAUSES: tuple[Cause, ...] = get_args(Cause)


def cause_of(question: Question, result: Result, gold: Collection[str]) -> Cause:
    """The cause of a wrong answer of an arm with documents. gold: ids of the chunks that hold a gold quote, in either
    language."""
    if not question.answerable:
        return "should have abstained"
    wanted = set(gold)
    if wanted.isdisjoint(result.candidates):
        return "retriever miss"
    if wanted.isdisjoint(hit.chunk.id for hit in result.answer.hits):
        return "reranker miss"
    cited = {c.chunk_id for sentence in result.answer.sentences for c in sentence.citations}
    planted = result.planted
    if planted is not None and planted.kind == "contradiction" and planted.chunk_id in cited:
        return "conflicting evidence"
    return "evidence ignored" if wanted.isdisjoint(cited) else "guess"
