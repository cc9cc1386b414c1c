"""What makes figures honest: seeds averaged in a question, seen notes apart, contamination, equal coverage."""

from __future__ import annotations

import dataclasses
import subprocess
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given as given_any
from hypothesis import strategies as st

from api.config import RetrievalSettings, RunConfig
from api.errors import ConfigError
from api.experiments import contamination, definition, metrics, places, runner, seen, summary
from api.experiments.arms import Result
from api.experiments.contamination import Training
from api.experiments.definition import Expect
from api.experiments.expectations import check
from api.experiments.knobs import Knobs
from api.experiments.matched import Given, risks_at
from api.experiments.measures import Judged
from api.experiments.provenance import commit
from api.experiments.statistics import compare
from api.pipeline import Pipeline
from corpus.format import Evidence, load_questions
from tests.api.experiment_cases import abstained, question, unanswerable, write_questions
from tests.api.fakes import FakeAnswerer
from tests.fakes import HashEncoder

HEAD = 'name = "mine"\nquestion = "Why?"\nquestions = "questions.jsonl"\n'
ARMS = '[[arm]]\nname = "greedy"\n[[arm]]\nname = "warm"\ntemperature = 1.0\n'


def test_a_figure_of_a_question_is_the_mean_over_the_answers_it_applies_to() -> None:
    silent = Judged("abstained", None, {"coverage": 0.0})
    wrong = Judged("wrong", False, {"coverage": 1.0, "wrong": 1.0})
    judged = [wrong, Judged("right", True, {"coverage": 1.0, "wrong": 0.0}), silent, silent]
    assert summary.averaged(judged) == {"coverage": 0.5, "wrong": 0.5}


def test_with_several_seeds_the_finding_does_not_speak_of_all_the_answers_together() -> None:
    three = [Judged("right", True, {metrics.COVERAGE: 1.0, metrics.WRONG: 0.0})] * 3
    one = [Judged("wrong", False, {metrics.COVERAGE: 1.0, metrics.WRONG: 1.0})]
    one += [Judged("abstained", None, {metrics.COVERAGE: 0.0})] * 2
    rows = [
        summary.Row(question(id=name, unit=name), "a", Result(abstained()), judged[0], None, summary.averaged(judged),
                    tuple(each.outcome for each in judged))
        for name, judged in (("three", three), ("one", one))
    ]  # fmt: skip
    estimated = summary.estimates(rows, ["en"])
    said = summary.finding(estimated, [], ["a"], seeds=3)
    assert "“a” was wrong in 50.0 % of its answers (mean over questions, coverage 67 %)" in said
    assert "mean over questions" not in summary.finding(estimated, [], ["a"])


def test_a_difference_on_one_note_is_no_failure() -> None:
    def verdicts(rows: list[summary.Row]) -> list[str]:
        return [one.verdict for one in check(expected, rows, {})]

    expected = [
        Expect(metrics.RIGHT, pair=("rag", "other"), relation="above", low=0.0),
        Expect(metrics.RIGHT, "rag", language="ru less en", low=-1.0, high=0.0),
    ]
    alone = [*by_language(("a", 1.0, 0.0)), *by_language(("a", 0.0, 0.0), arm="other")]
    assert verdicts(alone) == ["TOO FEW DOCUMENTS"] * 2
    silent = [*by_language(("a", 1.0, None)), *by_language(("a", None, None), arm="other")]
    assert verdicts(silent) == ["FAIL"] * 2
    two = [*by_language(("a", 1.0, 0.0), ("b", 1.0, 1.0)), *by_language(("a", 0.0, 0.0), ("b", 0.0, 0.0), arm="other")]
    assert verdicts(two) == ["OK"] * 2


def test_an_arm_is_asked_with_every_seed_if_the_seed_can_change_it(home: Path, tmp_path: Path) -> None:
    write_questions(tmp_path)
    path = tmp_path / "mine.toml"
    path.write_text(HEAD + "seeds = [4, 5, 6]\n" + ARMS, encoding="utf-8")
    answerer = FakeAnswerer()
    with Pipeline(RunConfig(home), encoder=HashEncoder(), answerer=answerer) as pipeline:
        finished = runner.run(pipeline, definition.load(path), date="2026-01-02")
        again = runner.run(pipeline, definition.load(path), date="2026-01-02")
    assert [options.seed for options in answerer.seen_options] == [4, 4, 5, 6] * 5
    assert again.results["asked"]["from_cache"] == 10
    answers = finished.results["questions"][0]["answers"]
    assert len(answers["greedy"]["outcomes"]) == 1 and len(answers["warm"]["outcomes"]) == 3
    assert finished.results["experiment"]["seeds"] == [4, 5, 6] and finished.results["experiment"]["seed"] == 4
    assert "seeds 4, 5, 6" in (finished.folder / places.REPORT_FILE).read_text(encoding="utf-8")
    assert finished.results["seen"]["seen"]["questions"] + finished.results["seen"]["unseen"]["questions"] == 5


def test_what_an_arm_could_not_feel_in_this_home_is_told_before_anything_is_asked(home: Path, tmp_path: Path) -> None:
    write_questions(tmp_path)
    path, answerer = tmp_path / "mine.toml", FakeAnswerer()
    corrective = '[[arm]]\nname = "plain"\n[[arm]]\nname = "again"\nretrieve = "corrective"\nrelevance = 0.5\n'
    fixed = (
        'seeds = [0, 1]\n[[arm]]\nname = "plain"\n[[arm]]\nname = "large"\ngenerator = "large"\n[generators.large]\n'
        'kind = "endpoint"\nmodel = "m"\nbase_url = "http://127.0.0.1:9/v1"\nfixed_temperature = true\n'
    )
    config = RunConfig(home, retrieval=RetrievalSettings(rerank=False))
    with Pipeline(config, encoder=HashEncoder(), answerer=answerer) as pipeline:
        for text, message in (
            (corrective, "arm 'again': corrective retrieval .* give the arm rerank = true"),
            (fixed, "arm 'large': large has a fixed_temperature .* give seed in place of seeds"),
        ):
            path.write_text(HEAD + text, encoding="utf-8")
            with pytest.raises(ConfigError, match=message):
                runner.run(pipeline, definition.load(path), date="2026-01-02")
        assert not answerer.seen_options
        path.write_text(HEAD + corrective + "rerank = true\n", encoding="utf-8")
        runner.run(pipeline, definition.load(path), date="2026-01-02")


@pytest.mark.parametrize(
    ("seeds", "message"),
    [
        ("seeds = []", "e.toml:4: seeds is a list"),
        ("seeds = [1, -1]", "e.toml:4: seeds is a list"),
        ("seeds = [true]", "e.toml:4: seeds is a list"),
        ("seeds = [1, 1]", "e.toml:4: a seed stands twice"),
        ("seed = 1\nseeds = [1]", "e.toml:5: give seed or seeds"),
    ],
)
def test_seeds_that_cannot_be_are_refused(seeds: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        definition.parse(HEAD + seeds + "\n" + ARMS, Path("e.toml"))


def by_language(*pairs: tuple[str, float | None, float | None], arm: str = "rag") -> list[summary.Row]:
    """Rows of an arm: (note, right in English, right in Russian) of pairs; None where the arm has no value."""
    return [
        summary.Row(
            question(id=f"{n}-{language}", pair=str(n), unit=unit, language=language), arm, Result(abstained()),
            Judged("not judged", None), None, {} if value is None else {metrics.RIGHT: value}, (),
        )
        for n, (unit, *values) in enumerate(pairs)
        for language, value in zip(("en", "ru"), values, strict=True)
    ]  # fmt: skip


def test_the_languages_are_compared_over_pairs_by_hand() -> None:
    rows = by_language(("a", 1.0, 0.0), ("a", 1.0, 1.0), ("b", 0.0, 0.0), ("b", 1.0, None))
    found = summary.between_languages([*rows, *by_language(("c", 0.0, 1.0), arm="other")], "rag", metrics.RIGHT)
    assert found is not None and found.questions == 4 and found.clusters == 2
    assert found.difference == pytest.approx(1 / 3 - 3 / 4) and found.p_value == 1.0  # too few differ
    alone = summary.between_languages(rows[:-1], "rag", metrics.RIGHT)
    assert alone is not None and alone.questions == 3  # one language of the last pair was not asked
    assert summary.between_languages(rows[:1], "rag", metrics.RIGHT) is None


def test_languages_are_of_the_corrected_family_only_where_the_experiment_says_so() -> None:
    pairs = [(f"note {n}", 1.0, 0.0) for n in range(12)]
    rows = [*by_language(*pairs), *by_language(*[(unit, ru, en) for unit, en, ru in pairs], arm="other")]
    arms, between = summary.comparisons(rows, ["en", "ru"])
    assert len(arms) == 3 and len(between) == 2
    assert all("p_holm" in row for row in arms)
    assert not any({"p_value", "mcnemar", "tested"} & set(row) for row in between)
    more, tested = summary.comparisons(rows, ["en", "ru"], compare_languages=True)
    smallest = min(row["p_value"] for row in more + tested)
    assert min(row["p_holm"] for row in more + tested) == pytest.approx(5 * smallest)
    assert min(row["p_holm"] for row in arms) == pytest.approx(3 * min(row["p_value"] for row in arms))
    assert all(row["declared"] and row["low"] <= row["difference"] <= row["high"] for row in tested)
    assert summary.comparisons(rows[::2], ["en"])[1] == []


def test_questions_in_one_language_are_tested_once() -> None:
    pairs = [(f"note {n}", 1.0, 0.0) for n in range(12)]
    both = [*by_language(*pairs), *by_language(*[(unit, ru, en) for unit, en, ru in pairs], arm="other")]
    english = [row for row in both if row.question.language == "en"]
    assert summary.present(both, ["ru", "en"]) == ["ru", "en"] and summary.present(english, ["en", "ru"]) == ["en"]
    experiment = definition.Experiment("mine", "Why?", "dev", (), expect=(
        Expect(metrics.RIGHT, "rag", language="en", low=0.9, high=1.0),
        Expect(metrics.RIGHT, "rag", language="ru", low=0.0, high=1.0),
    ))  # fmt: skip
    rows = [dataclasses.replace(row, values={**row.values, metrics.COVERAGE: 1.0}) for row in english]
    found = runner.figures(dataclasses.replace(experiment, arms=two_arms()), rows)
    assert set(found["estimates"]) == {"all"} == {row["language"] for row in found["comparisons"]}
    (compared,) = found["comparisons"]
    assert compared["p_holm"] == compared["p_value"] and not found["between_languages"]
    assert [(one["verdict"], one["value"]) for one in found["expectations"]] == [("OK", 1.0), ("FAIL", None)]


def two_arms() -> tuple[definition.Arm, ...]:
    """The arms of the rows."""
    return definition.Arm("rag", Knobs()), definition.Arm("other", Knobs(top_k=1))


def test_arms_that_cancel_out_were_tested_and_few_questions_were_not() -> None:
    notes = [note for note in range(10) for _ in range(2)]
    even = compare([1.0, 0.0] * 10, [0.0, 1.0] * 10, notes)
    few = compare([1.0] * 5 + [0.0] * 15, [0.0] * 20, notes)
    assert even is not None and even.tested and even.p_value == 1.0
    assert few is not None and not few.tested and few.p_value == 1.0
    cell = {metrics.COVERAGE: {"mean": 1.0}, metrics.WRONG: {"mean": 0.5}}
    about = {"first": "a", "second": "b", "metric": metrics.WRONG, "language": "all", "p_holm": 1.0, "declared": False}
    rows = [about | dataclasses.asdict(one) for one in (even, few)]
    told, asked = (summary.finding({"all": {"a": cell, "b": cell}}, [row], ["a", "b"]) for row in rows)
    assert "no difference that can be told from chance" in told and "p = 1.0000" in told and "ask more" not in told
    assert "too few questions tell the two apart" in asked
    old = {key: value for key, value in rows[1].items() if key != "tested"}
    assert summary.finding({"all": {"a": cell, "b": cell}}, [old], ["a", "b"]) == asked


def test_seen_is_told_by_what_training_read_not_by_the_split() -> None:
    read = frozenset({"notes/en/a.md"})
    assert seen.seen(question(evidence=(Evidence("notes/en/a.md", "x"), Evidence("notes/en/b.md", "y"))), read)
    assert not seen.seen(question(unit="a", evidence=(Evidence("notes/en/b.md", "y"),)), read)
    assert seen.seen(unanswerable(unit="a"), read) and not seen.seen(unanswerable(unit="b"), read)
    assert seen.seen(unanswerable(unit="notes/en/a.md"), read)


def test_every_note_that_a_train_question_quotes_was_read() -> None:
    answerable = [q for q in load_questions(split="train") if q.answerable]
    assert all(map(seen.seen, answerable)) and "None of the 1 " in seen.line([question(evidence=(Evidence("x", "y"),))])


def test_the_same_question_is_found_whatever_its_case_and_a_different_one_is_not() -> None:
    known = Training(["What does the key and value cache of a decoder hold?", "Что такое токен?"])
    found = known.overlap(["what does the KEY and value cache of a decoder hold", "Who baked this bread?"])
    assert (found.asked, found.training, found.long, found.near) == (2, 2, 1, 1)
    assert found.examples[0].similarity == 1.0 and len(found.lines()) == 3
    assert "squadshifts" in found.lines()[1]  # what the counts leave out stands beside them
    assert known.overlap(["Что такое токены?"]).near == 1 and known.overlap(["日本"]).near == 0
    assert Training([]).overlap(["What?"]).near == 0


def test_similarity_is_the_jaccard_index_of_letter_runs() -> None:
    # " ab " has the runs " ab", "ab "; " abc " has " ab", "abc", "bc ": one of four in common
    (near,) = [Training(["abc"])._nearest("ab")]
    assert near is not None and near.similarity == pytest.approx(1 / 4)


def test_training_questions_are_those_of_the_train_splits() -> None:
    found = set(contamination.training_questions())
    assert {q.question for q in load_questions(split="train")} <= found
    assert len(found & {q.question for q in load_questions(split="test")}) <= 1


def given(*answers: tuple[bool, float]) -> list[Given]:
    """Answers with their confidence."""
    return [Given(wrong, confidence) for wrong, confidence in answers]


def test_risk_at_a_coverage_by_hand() -> None:
    notes = list("rstuvwxy")
    first = given((False, 0.9), (False, 0.8), (True, 0.7), (True, 0.1)) * 2
    silent = [Given(False, 0.5), Given(None, None), Given(None, None), Given(True, 0.4)] * 2
    unsure = [Given(wrong, None) for wrong in (True, True, True, False)] * 2
    found = risks_at({"a": first, "b": silent, "c": unsure}, notes, 0.5)
    assert (found["a"].mean, found["b"].mean) == (0.0, 0.5)
    assert found["c"].mean == pytest.approx(0.75)  # no confidence: the same wherever it is cut
    assert found["a"].difference is None and found["b"].difference is not None
    assert found["b"].difference[0] == pytest.approx(-0.5)
    everything = risks_at({"a": first, "b": silent}, notes, 1.0)
    assert everything["a"].mean == 0.5 and "b" not in everything
    assert risks_at({"a": first}, notes, 0.75)["a"].mean == pytest.approx(1 / 3)


def test_of_a_level_that_is_taken_in_part_the_same_part_is_wrong() -> None:
    tied = given((False, 0.9), (True, 0.5), (False, 0.5), (True, 0.5), (True, 0.1)) * 2
    found = risks_at({"a": tied}, range(10), 0.4)["a"]  # four answers: two right, two of a level wrong in 4 of 6
    assert found.mean == pytest.approx((2 * 4 / 6) / 4)
    assert found.low is not None and found.high is not None and found.low <= found.mean <= found.high


def test_few_notes_have_no_interval_and_many_without_a_wrong_answer_one_above_nothing() -> None:
    right = given((False, 0.9)) * 10
    few = risks_at({"a": right, "b": right}, list("abcde") * 2, 1.0)["b"]
    assert (few.mean, few.low, few.high, few.difference) == (0.0, None, None, None)
    many = risks_at({"a": right, "b": right}, range(10), 1.0)["b"]
    others = 1 - 0.025 ** (1 / 10)  # Clopper & Pearson: none of ten
    assert (many.low, many.high) == pytest.approx((0.0, others))
    assert many.difference == pytest.approx((0.0, -others, others))


@given_any(st.lists(st.tuples(st.booleans(), st.sampled_from([0.1, 0.4, 0.9])), min_size=6, max_size=30))
def test_all_answers_together_are_as_wrong_as_they_are_and_one_answer_as_its_level(
    answers: list[tuple[bool, float]],
) -> None:
    units = range(len(answers))
    everything, one = (risks_at({"a": given(*answers)}, units, at, resamples=120)["a"] for at in (1.0, 1 / len(units)))
    assert everything.mean == pytest.approx(sum(wrong for wrong, _ in answers) / len(answers))
    surest = [wrong for wrong, confidence in answers if confidence == max(sure for _, sure in answers)]
    assert one.mean == pytest.approx(sum(surest) / len(surest))


def test_memory_grows_with_the_answers_not_with_their_square() -> None:
    number = 4_000
    arm = [Given(n % 3 == 0, n / number) for n in range(number)]  # no two equally sure
    tracemalloc.start()
    risks_at({"a": arm}, [n % 50 for n in range(number)], 0.5, resamples=100)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8 * number**2 / 2


@pytest.fixture
def checkout(tmp_path: Path) -> Iterator[Path]:
    """A repository with one commit."""
    try:
        for command in (
            ["init", "-q"], ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "--allow-empty", "-m", "x"],
        ):  # fmt: skip
            subprocess.run(["git", "-C", str(tmp_path), *command], check=True, capture_output=True, timeout=20)
    except (OSError, subprocess.SubprocessError):
        pytest.skip("no git here")
    yield tmp_path


def test_the_commit_is_that_of_the_program_s_own_checkout_alone(checkout: Path) -> None:
    head = commit(checkout)
    assert len(head) == 40 and not set(head) - set("0123456789abcdef")
    (checkout / "inside").mkdir()
    assert commit(checkout / "inside") == "" and commit(checkout / "nowhere") == ""
    (checkout / "f").touch()
    assert commit(checkout) == head  # what git does not track changes nothing
    subprocess.run(["git", "-C", str(checkout), "add", "f"], check=True, timeout=20)
    assert commit(checkout) == f"{head} with changes"
