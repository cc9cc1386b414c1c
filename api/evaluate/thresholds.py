"""`lectern train thresholds`: how to rank, which sentence to trust, when to abstain and when to quote, fitted on dev.

Never on test. For every dev question the passages are found, read and answered, with nothing decided. From that:

- the weights of the ranking, before passages are read and after, are those under which passages that hold a quote come
  first;
- the weights of sentences, those under which the sentences of the evidence come first;
- a further sentence is answered from beside the best from the share of the softmax at which Match of what is quoted
  was highest, less a price for each such sentence: who asks would rather read one too many than miss the answer;
- confidence is a logistic regression: how likely what is chosen holds the answer, unanswerable questions counting as
  wrong; another, of the same features, says how likely the documents answer at all;
- the abstention threshold is a probability that they answer: of those at which hardly fewer of the questions such as
  people ask (the notes and the files) are rightly answered or rightly refused than at the best, the one at which the
  least of four shares is greatest: answerable questions answered and unanswerable ones abstained from, in each language
  (the first hardly differs over half of the range, so that it tells little about where to stand);
- an abstention says that no passage is about the question where the best one's rank is below that of nineteen in
  twenty answerable questions;
- how likely the decoder's own sentence is right is another logistic regression, over a sum of its features that is
  fitted to tell right drafts from wrong ones of the same candidate; it is replaced by a quotation where it is behind
  that by more than the margin at which Match was highest, less a price for each quotation;
- the curve holds risk and coverage for a grid of thresholds, for those who name a risk (Geifman & El-Yaniv 2017,
  arXiv 1705.08500).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import dataclass

from api.evaluate.answers import is_right
from api.evaluate.questions import EvidenceIndex
from api.parts import late_interaction_for
from api.pipeline import Pipeline
from corpus.format import Question
from generator.answerer import Answerer, Probe
from generator.decisions import DRAFT, SENTENCE, Decisions, Point, probability, standing, weighted
from generator.evidence import Candidate, choose
from generator.grounding import draft_features
from generator.listing import with_listing
from generator.proposals import Offer, passing
from generator.reranker import ReaderReranker
from generator.training.fitting import fit_choice, fit_probability

_GRID = tuple(n / 50 for n in range(1, 50))
_MARGINS = tuple(n / 50 for n in range(-25, 26))
# Quoting must buy this much Match per sentence that it replaces: the decoder's own words are what is wanted.
_PRICE_OF_QUOTING = 0.15
# A sentence beside the best must buy this much: it has to be read.
_PRICE_OF_READING = 0.03
_SHARES = tuple(n / 50 for n in range(1, 25))
# Of all questions, a difference in how many are handled rightly that tells nothing.
_HARDLY = 0.01
# The features of a draft without the confidence and the constant.
_OF_ITSELF, _LEAST_SCALE = len(DRAFT) - 2, 0.1
# Fewer answers than these tell no risk.
_FEWEST_ANSWERS = 20
Progress = Callable[[int, int], None] | None


@dataclass(frozen=True, slots=True)
class Ranked:
    """An answerable dev question: signals of each passage that search found, and which of them hold a quote; the
    reader's relevance of those that the reranker reads, by their places."""

    question: Question
    signals: list[tuple[float, ...]]
    gold: list[bool]
    relevance: dict[int, float]

    @property
    def read(self) -> tuple[list[tuple[float, ...]], list[bool]]:
        """Features of the passages that were read, and which hold a quote."""
        features = [(value, *self.signals[place], 1.0) for place, value in self.relevance.items()]
        return features, [self.gold[place] for place in self.relevance]


@dataclass(frozen=True, slots=True)
class Probed:
    """A dev question and what its decisions would rest on."""

    question: Question
    probe: Probe


def rank_all(pipeline: Pipeline, questions: Sequence[Question], on_progress: Progress = None) -> list[Ranked]:
    """Search and read the candidates of every answerable question whose evidence is in the library."""
    answerer = pipeline.answerer
    assert isinstance(answerer, Answerer)
    title_of = pipeline.library.title
    late = late_interaction_for(pipeline.encoder, title_of, pipeline.index_folder)
    reranker = ReaderReranker(answerer.engine, answerer.decisions, late, title_of)
    evidenced, _ = EvidenceIndex(pipeline.library).split(questions)
    rows = []
    for number, item in enumerate(evidenced, start=1):
        asked = item.question.question
        hits = pipeline.candidates(pipeline.prepare(asked))
        signals = reranker.signals(asked, hits)
        before = [weighted(answerer.decisions.signals, row) for row in signals]
        places = sorted(range(len(hits)), key=lambda n: -before[n])[: reranker.read]
        relevance = reranker.relevance(asked, [hits[n] for n in places])
        gold = [hit.chunk.id in item.gold for hit in hits]
        rows.append(Ranked(item.question, signals, gold, dict(zip(places, relevance, strict=True))))
        if on_progress is not None:
            on_progress(number, len(evidenced))
    return rows


def probe_all(
    pipeline: Pipeline, questions: Sequence[Question], on_progress: Progress = None, *, write: bool = True
) -> list[Probed]:
    """Search, rerank, read and, if asked to, write for every question; those without any hit are left out."""
    answerer = pipeline.answerer
    assert isinstance(answerer, Answerer)
    rows = []
    for number, question in enumerate(questions, start=1):
        request = pipeline.prepare(question.question)
        hits = pipeline.search(request)
        if hits and write:
            probe = answerer.probe(question.question, hits, options=request.options, document_of=pipeline.document)
            rows.append(Probed(question, probe))
        elif hits:
            found = answerer.find(question.question, hits, document_of=pipeline.document)
            rows.append(Probed(question, Probe(found.passages, found.candidates, ())))
        if on_progress is not None:
            on_progress(number, len(questions))
    return rows


def in_evidence(question: Question, candidate: Candidate, probe: Probe) -> bool:
    """Whether the candidate sentence is part of the evidence, or holds it."""
    text = " ".join(probe.passages[candidate.passage][slice(*candidate.interval)].split())
    quotes = [" ".join(evidence.quote.split()) for evidence in question.evidence]
    return any(text in quote or quote in text for quote in quotes)


def _groups(rows: Iterable[Probed]) -> list[tuple[list[tuple[float, ...]], list[bool]]]:
    return [
        (
            [candidate.features for candidate in row.probe.candidates],
            [in_evidence(row.question, candidate, row.probe) for candidate in row.probe.candidates],
        )
        for row in rows
        if row.question.answerable
    ]


def _drafts(rows: Sequence[Probed], decisions: Decisions) -> tuple[float, ...]:
    """Weights of drafts: of their own features those under which right ones come before wrong ones from the same
    candidate, where there are any; what that sum and the confidence say of being right is a logistic regression. Fitted
    in one, how hard questions are would decide what makes a draft good."""
    groups, features, right = [], [], []
    for row in rows:
        choice = choose(row.probe.candidates, decisions, row.question.language)
        for each in row.probe.offers if row.question.answerable else ():
            own = [draft_features(*proposal.sentences[0], 0.5)[:_OF_ITSELF] for proposal in each.proposals]
            groups.append((own, [is_right(row.question, proposal.text) for proposal in each.proposals]))
        offer = None if choice is None else _offer_from(row, choice.candidate)
        if choice is not None and offer is not None:
            for proposal in offer.proposals:
                features.append(draft_features(*proposal.sentences[0], choice.confidence))
                right.append(is_right(row.question, proposal.text))
    if not any(any(good) and not all(good) for _, good in groups):
        return fit_probability(features, right)
    among = fit_choice(groups, penalty=1e-2)
    sums = [(weighted(among, row[:_OF_ITSELF]), *row[_OF_ITSELF:]) for row in features]
    scale, *rest = fit_probability(sums, right)
    # A sum that says nothing of rightness still says which of several is best.
    return (*(max(scale, _LEAST_SCALE) * weight for weight in among), *rest)


def _offer_from(row: Probed, candidate: Candidate) -> Offer | None:
    """What the decoder wrote from the candidate, if it was asked to."""
    return next((offer for offer in row.probe.offers if offer.candidate == candidate), None)


def fit_abstention(rows: Sequence[Probed], decisions: Decisions) -> Decisions:
    """`decisions` with weights of the confidence, and of what says whether the documents answer."""
    features, right, answerable = [], [], []
    for row in rows:
        choice = choose(row.probe.candidates, decisions, row.question.language)
        if choice is not None:
            features.append(choice.features)
            right.append(row.question.answerable and quotation_right(row, decisions))
            answerable.append(row.question.answerable)
    return dataclasses.replace(
        decisions, confidence=fit_probability(features, right), answerable=fit_probability(features, answerable)
    )


@dataclass(frozen=True, slots=True)
class Shown:
    """An answer as it would be shown; quoted: how many of its sentences are quotations."""

    text: str
    quoted: int


def shown(row: Probed, decisions: Decisions, own: float) -> Shown:
    """The answer, where the decoder's words need an advantage of `own`; above 1: quotations alone."""
    found = row.probe.candidates
    choice = with_listing(choose(found, decisions, row.question.language), found, decisions)
    if choice is None:
        return Shown("", 0)
    parts, quoted = [], 0
    for chosen in choice.shown:
        offer = _offer_from(row, chosen) if chosen is choice.candidate and chosen.retold else None
        said = () if offer is None else passing(offer.proposals, choice.confidence, decisions, own)
        parts += [draft.text for draft, _ in said]
        if not said:
            start, end = chosen.interval  # of a listing, they may lie beyond the passage
            parts.append(row.probe.passages[chosen.passage][max(0, start) : end])
            quoted += 1
    return Shown(" ".join(parts), quoted)


def _quotation(row: Probed, decisions: Decisions) -> str:
    """What would be quoted."""
    return shown(row, decisions, own=2.0).text


def quotation_right(row: Probed, decisions: Decisions) -> bool:
    """Whether what would be quoted holds the gold string, or its first sentence is evidence."""
    choice = choose(row.probe.candidates, decisions, row.question.language)
    if choice is None or not row.question.answerable:
        return False
    return is_right(row.question, _quotation(row, decisions)) or in_evidence(
        row.question, choice.candidate, row.probe
    )


def fit_ranking(rows: Sequence[Ranked], decisions: Decisions) -> Decisions:
    """`decisions` with weights of the ranking, before passages are read and after."""
    read = [row.read for row in rows]
    signals, order = fit_choice([(row.signals, row.gold) for row in rows]), fit_choice(read)
    # The choice fixes the weights but for scale and offset; with these the sum is a passage's log-odds to answer.
    sums = [(weighted(order, features), 1.0) for rows_features, _ in read for features in rows_features]
    scale, offset = fit_probability(sums, [right for _, gold in read for right in gold])
    ranking = (*(scale * weight for weight in order[:-1]), offset)
    return dataclasses.replace(decisions, signals=signals, ranking=ranking)


def fit_sentences(rows: Sequence[Probed], decisions: Decisions) -> Decisions:
    """`decisions` with weights of sentences, of confidence and of drafts, and the share for further sentences."""
    fitted = dataclasses.replace(decisions, sentence=fit_choice(_groups(rows)))
    fitted = dataclasses.replace(fitted, also=choose_also(rows, fitted))
    fitted = fit_abstention(rows, fitted)
    return dataclasses.replace(fitted, draft=_drafts(rows, fitted))


def choose_also(rows: Sequence[Probed], decisions: Decisions) -> float:
    """The share from which sentences beside the best bring most Match, less the price of reading them."""
    answerable = [row for row in rows if row.question.answerable]
    known: dict[tuple[str, str], bool] = {}

    def worth(share: float) -> float:
        total = 0.0
        for row in answerable:
            answer = shown(row, dataclasses.replace(decisions, also=share), own=2.0)
            key = (row.question.id, answer.text)
            if key not in known:
                known[key] = is_right(row.question, answer.text)
            total += known[key] - _PRICE_OF_READING * answer.quoted
        return total

    return max(reversed(_SHARES), key=worth)


def choose_own(rows: Sequence[Probed], decisions: Decisions) -> float:
    """The margin with the highest Match less the price of quoting."""
    answerable = [row for row in rows if row.question.answerable]
    known: dict[tuple[str, str], bool] = {}

    def worth(margin: float) -> float:
        total = 0.0
        for row in answerable:
            answer = shown(row, decisions, margin)
            key = (row.question.id, answer.text)
            if key not in known:
                known[key] = is_right(row.question, answer.text)
            total += known[key] - _PRICE_OF_QUOTING * answer.quoted
        return total

    return max(_MARGINS, key=worth)


@dataclass(frozen=True, slots=True)
class Standing:
    """A question with what is held against the threshold (`decisions.standing`); right: its answer would be."""

    question: Question
    value: float
    right: bool


def least_share(judged: Sequence[Standing], threshold: float) -> float:
    """The least over languages of answerable answered and of unanswerable abstained."""
    shares = []
    for language in sorted({each.question.language for each in judged}):
        for answerable in (True, False):
            side = [
                each for each in judged if each.question.language == language and each.question.answerable is answerable
            ]
            if side:
                shares.append(sum((each.value >= threshold) is answerable for each in side) / len(side))
    return min(shares)


def handled(judged: Sequence[Standing], threshold: float) -> float:
    """The mean over languages of the share of questions rightly answered or rightly refused."""
    languages = sorted({each.question.language for each in judged})
    shares = []
    for language in languages:
        own = [each for each in judged if each.question.language == language]
        good = [each.right if each.value >= threshold else not each.question.answerable for each in own]
        shares.append(sum(good) / len(own))
    return sum(shares) / len(shares)


def choose_default(judged: Sequence[Standing]) -> float:
    """The threshold of the greatest `least_share` among those that handle hardly fewer questions rightly than the
    best."""
    by_threshold = {threshold: handled(judged, threshold) for threshold in _GRID}
    enough = max(by_threshold.values()) - _HARDLY
    return max((t for t, value in by_threshold.items() if value >= enough), key=lambda t: least_share(judged, t))


def choose_on_topic(rows: Sequence[Probed], share: float = 0.05) -> float:
    """The probability by the ranking that the best passage has for all but `share` of the answerable questions."""
    at = SENTENCE.index("rank")
    best = sorted(
        max(candidate.features[at] for candidate in row.probe.candidates)
        for row in rows if row.question.answerable and row.probe.candidates
    )
    return probability(best[int(share * len(best))]) if best else 0.0


def choose_thresholds(rows: Sequence[Probed], decisions: Decisions, typical: Container[str]) -> Decisions:
    """`decisions`, whose weights are fitted and with which `rows` were probed, with thresholds and curve.

    typical: ids of the questions that are like those that people ask: the default threshold is chosen by them. Where
    nothing was written the margin of the decoder's words is left as it is.
    """
    if any(row.probe.offers for row in rows):
        decisions = dataclasses.replace(decisions, own=choose_own(rows, decisions))
    confidences, wrongs, asked = [], [], []
    for row in rows:
        choice = choose(row.probe.candidates, decisions, row.question.language)
        confidences.append(0.0 if choice is None else choice.confidence)
        text = shown(row, decisions, decisions.own).text
        wrongs.append(not (row.question.answerable and is_right(row.question, text)))
        if row.question.id in typical:
            value = 0.0 if choice is None else standing(choice.confidence, choice.answerable)
            asked.append(Standing(row.question, value, not wrongs[-1]))
    default = choose_default(asked)
    curve = []
    for threshold in _GRID:
        given = [wrong for wrong, value in zip(wrongs, confidences, strict=True) if value >= threshold]
        if len(given) >= _FEWEST_ANSWERS:
            curve.append(Point(threshold, round(sum(given) / len(given), 4), round(len(given) / len(rows), 4)))
    return dataclasses.replace(
        decisions, default=default, curve=tuple(curve), on_topic=choose_on_topic(rows)
    )
