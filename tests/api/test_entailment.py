"""The scoring verifier: figures and agreement by hand, the shipped weights on plain cases, ALCE's and RAGChecker's
definitions on worked examples."""

from __future__ import annotations

import json
import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.errors import ConfigError
from api.experiments import metrics
from api.experiments.arms import Result
from api.experiments.entailment import agreement
from api.experiments.entailment.answers import citation_figures, claim_figures, judged_by_entailment
from api.experiments.entailment.faults import false_variant, true_variant
from api.experiments.entailment.features import DIRECTIONS, FEATURES, features
from api.experiments.entailment.lexicon import Lexicon, same_root
from api.experiments.entailment.lexicon_file import load_lexicon, save_lexicon
from api.experiments.entailment.sampling import triples_of
from api.experiments.entailment.training.examples import Example
from api.experiments.entailment.training.fitting import fit
from api.experiments.entailment.verifier import load, shipped
from api.experiments.entailment.words import read
from api.experiments.measures import judge
from corpus.triples import Labelled, Triple
from generator.answer import Citation, Sentence
from tests.api.experiment_cases import STORES, abstained, answered, citation, question, unanswerable

LEXICON = Lexicon(
    {"cach": 2.0, "store": 2.0, "key": 3.0, "hold": 2.0}, {"hold": {"store": 0.6}, "store": {"hold": 0.6}}, {},
    np.zeros((0, 4), np.float32), 5.0,
)  # fmt: skip
TEXT = "The cache stores 12 keys. It never grows."


def figure(claim: str, name: str, text: str = TEXT) -> float:
    return float(features(claim, text, LEXICON)[FEATURES.index(name)])


def by_table(*carried: tuple[str, str]) -> object:
    """A verifier that says yes to these (claim, text) alone."""
    return lambda claim, text: (claim, text) in carried


# words and figures


def test_names_numbers_and_denials_are_told() -> None:
    text = read("We used FAISS with 3,5 vectors. It is not GPT.")
    assert [word.stem for word in text.words if word.name] == ["faiss", "gpt"]
    assert [word.stem for word in text.words if word.number] == ["3.5"]
    assert [marks.negations for marks in text.marks] == [0, 1]


def test_a_copied_claim_has_everything_and_nothing_against_it() -> None:
    values = dict(zip(FEATURES, features("The cache stores 12 keys.", TEXT, LEXICON), strict=True))
    assert values["found exactly in the sentence"] == values["found in the text"] == values["common order"] == 1
    against = ("numbers missing in the sentence", "share not found", "denial on one side", "turned round")
    assert all(values[name] == 0 for name in against)


def test_each_fault_moves_its_own_figure() -> None:
    assert figure("The cache stores 13 keys.", "numbers missing in the text") == 1
    assert figure("The cache does not store 12 keys.", "denial on one side") == 1
    assert figure("Keys store the cache.", "turned round") > 0
    assert figure("A cache holds keys.", "found in the text") == pytest.approx((2 + 0.6 * 2 + 3) / 7)
    assert figure("The cache stores keys with Redis.", "names missing in the text") == 1


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=80), st.text(max_size=120))
def test_no_text_breaks_the_figures(claim: str, text: str) -> None:
    assert np.isfinite(features(claim, text, LEXICON)).all()


def test_a_common_root_is_long_and_most_of_the_word() -> None:
    assert same_root("обучен", "обучени") and same_root("quantiz", "quantizat")
    assert not same_root("token", "tokenizationless") and not same_root("cat", "catalog")


def test_a_lexicon_comes_back_from_disk(tmp_path: Path) -> None:
    company = np.eye(2, 4, dtype=np.float32)
    save_lexicon(Lexicon(LEXICON.rarity, LEXICON.paraphrases, {"key": 0, "cach": 1}, company, 5.0), tmp_path)
    again = load_lexicon(tmp_path)
    assert again.rarity_of("key") == 3.0 and again.rarity_of("nothing") == 5.0
    assert again.likeness("hold", "store") == pytest.approx(0.6, abs=0.005)
    assert again.in_company("key", "cach") == 0 and again.in_company("key", "key") == pytest.approx(1)


# the verifier


def test_trees_of_ours_say_what_scikit_learn_says_and_keep_the_directions(tmp_path: Path) -> None:
    draw = np.random.default_rng(0)
    rows = draw.normal(size=(600, len(FEATURES)))
    carried = rows[:, 2] + draw.normal(size=600) > 0
    examples = [
        Example("", "", bool(yes), "written true", "", "en", n % 4 == 0) for n, yes in enumerate(carried)
    ]
    verifier = fit(examples, rows, LEXICON)
    higher = rows.copy()
    higher[:, 2] += 1.0
    assert DIRECTIONS[FEATURES[2]] == 1
    assert (verifier.trees.score(higher) >= verifier.trees.score(rows) - 1e-12).all()
    verifier.save(tmp_path)
    assert load(tmp_path).trees.score(rows) == pytest.approx(verifier.trees.score(rows))
    from sklearn.ensemble import HistGradientBoostingClassifier

    model = HistGradientBoostingClassifier(max_iter=20, early_stopping=False, random_state=0).fit(rows, carried)
    from api.experiments.entailment.training.fitting import _trees

    assert _trees(model).score(rows) == pytest.approx(model.predict_proba(rows)[:, 1])


def test_the_shipped_one_takes_copies_and_refuses_strangers() -> None:
    verifier = shipped()
    assert verifier.entails(STORES, STORES)
    assert verifier.entails("KV-кэш хранит ключи и значения.", "KV-кэш хранит ключи и значения прошлых токенов.")
    assert not verifier.entails("Elephants sleep standing up.", STORES)
    assert not verifier.entails("", STORES) and not verifier.entails(STORES, "")
    assert verifier.score("A KV cache stores 14 keys.", "A KV cache stores 12 keys.") < verifier.score(
        "A KV cache stores 12 keys.", "A KV cache stores 12 keys.")  # fmt: skip


def test_a_missing_verifier_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="lectern train scoring"):
        load(tmp_path)
    (tmp_path / "settings.json").write_text(json.dumps({"threshold": 0.5, "features": ["other"]}), encoding="utf-8")
    with pytest.raises(ConfigError, match="lectern train scoring"):
        load(tmp_path)


def test_rules_vary_and_spoil() -> None:
    sentence, others = "In 2017, the model has 12 layers (see below).", ["Another model has 24 heads for reading text."]
    assert "(see below)" not in {true_variant(sentence, random.Random(n)) for n in range(20)} - {sentence}
    made = {false_variant(sentence, others, random.Random(n)) for n in range(40)}
    assert {"number", "negation", "addition"} <= {kind for kind, _ in made}
    assert all(text != sentence for _, text in made)


# ALCE and RAGChecker by hand


def test_alce_by_hand() -> None:
    """First sentence: two quotes carry it together, the first alone too, the second does not and is not needed, so it
    is irrelevant. Second sentence: cites something that does not carry it. Third: cites nothing. Recall 1/3; of three
    citations one is precise."""

    def cited(quote: str) -> Citation:
        return citation(quote)

    sentences = [
        Sentence("s1", "decoder", (cited("a"), cited("b"))), Sentence("s2", "decoder", (cited("c"),)),
        Sentence("s3", "decoder"),
    ]  # fmt: skip
    found = citation_figures(sentences, by_table(("s1", "a b"), ("s1", "a")))  # type: ignore[arg-type]
    assert found == pytest.approx({metrics.ALCE_RECALL: 1 / 3, metrics.ALCE_PRECISION: 1 / 3})
    needed = citation_figures(sentences[:1], by_table(("s1", "a b")))  # type: ignore[arg-type]
    assert needed == {metrics.ALCE_RECALL: 1, metrics.ALCE_PRECISION: 1}
    assert citation_figures(sentences[2:], by_table()) == {metrics.ALCE_RECALL: 0}  # type: ignore[arg-type]


def test_ragchecker_by_hand() -> None:
    """Four claims: faithful and correct, faithful alone, correct alone, neither."""
    entails = by_table(("1", "p"), ("1", "r"), ("2", "q"), ("3", "r"))
    found = claim_figures(["1", "2", "3", "4"], ["p", "q"], ["r"], entails)  # type: ignore[arg-type]
    assert found == {
        metrics.FAITHFUL: 0.5, metrics.HALLUCINATED: 0.25, metrics.NOISE: 0.25, metrics.SELF_KNOWLEDGE: 0.25,
    }  # fmt: skip
    assert claim_figures(["3", "4"], [], ["r"], entails) == {metrics.HALLUCINATED: 0.5}  # type: ignore[arg-type]
    assert claim_figures(["1"], ["p"], None, entails) == {metrics.FAITHFUL: 1}  # type: ignore[arg-type]


def test_answers_are_judged_by_entailment_where_somebody_can_say() -> None:
    answer = answered("It stores the keys.", citation())
    always = judge(question(), answer, None, lambda _claim, _text: True)
    assert always.values[metrics.ALCE_RECALL] == always.values[metrics.FAITHFUL] == 1
    assert always.values[metrics.HALLUCINATED] == 0
    assert metrics.FAITHFUL not in judge(question(), answer).values
    assert metrics.FAITHFUL not in judge(question(), abstained(), None, lambda _claim, _text: True).values
    closed = answered("It stores the keys.", mode="closed_book", hits=())
    assert judged_by_entailment(question(), closed, lambda _c, _t: False) == {metrics.HALLUCINATED: 1}
    nothing = judged_by_entailment(unanswerable(), answer, lambda _c, text: bool(text))
    assert nothing[metrics.NOISE] == 1  # it is in the passage, and no answer to the question


# agreement


def test_kappa_by_hand() -> None:
    assert agreement.kappa([1, 1, 0, 0], [1, 0, 0, 0]) == pytest.approx(0.5)
    assert agreement.kappa([1, 0], [1, 0]) == 1 and agreement.kappa([1, 1], [1, 1]) == 0


def test_triples_are_measured_by_language_and_against_the_second_person() -> None:
    def labelled(name: str, sentence: str, label: str, second: str | None) -> Labelled:
        return Labelled(Triple(name, "en", "?", sentence, STORES), label, second)  # type: ignore[arg-type]

    rows = [labelled("1", STORES, "supported", "supported"), labelled("2", "Elephants sleep.", "not", "partly")]
    found = agreement.triples(rows, shipped())
    assert found["en"] == found["all"] and found["all"]["accuracy"] == found["all"]["auroc"] == 1
    assert found["all"]["readers' kappa, supported or not"] == 1 and found["all"]["readers' kappa"] < 1
    assert found["all"]["plain overlap's auroc"] == found["all"]["plain overlap's best accuracy"] == 1
    assert agreement.triples([], shipped()) == {}


def test_plain_overlap_and_the_best_accuracy_by_hand() -> None:
    # Articles are no words here; of cache, stores, keys the text has two.
    assert agreement.overlap("The cache stores keys", "A cache of keys") == pytest.approx(2 / 3)
    assert agreement.overlap("...", "A cache of keys") == 0
    # At 0.9, or at 0.5: one of the four is wrong, and no threshold has none.
    judged = [agreement.Judgement(s, c) for s, c in ((0.9, True), (0.7, False), (0.5, True), (0.1, False))]
    assert agreement.best_accuracy(judged) == 0.75 and agreement.best_accuracy([]) == 0
    # Where nothing is carried, a threshold above them all is never wrong.
    assert agreement.best_accuracy([agreement.Judgement(0.9, False)]) == 1


def test_a_metric_that_prefers_as_people_do_is_right_on_every_pair() -> None:
    found = agreement._correlations(np.array([0.5, 0.2, -0.1, 0.0]), np.array([2.0, 1.0, -1.0, 0.0]))
    assert found["pairwise"] == 1 and found["kendall"] == pytest.approx(1)


def test_a_closed_book_stands_on_the_gold_evidence_and_ids_hide_the_arm() -> None:
    closed = answered("It stores the keys.", mode="closed_book")
    [(triple, quotation)] = triples_of(question(), Result(closed))
    assert triple.cited == STORES and not quotation
    [(copied, is_quotation)] = triples_of(question(), Result(answered(STORES, citation())))
    assert is_quotation and copied.id != triple.id
    assert not list(triples_of(question(), Result(answered("Keys.", citation()))))
