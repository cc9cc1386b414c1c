"""Experiment files: those shipped are sound, and every mistake is named with its line and the nearest known word."""

from __future__ import annotations

from pathlib import Path

import pytest

from api.errors import ConfigError
from api.experiments import definition
from api.experiments.definition import Experiment
from api.experiments.knobs import Knobs

HEAD = 'name = "one"\nquestion = "Why?"\nquestions = "dev"\n'
TWO = HEAD + '[[arm]]\nname = "a"\n\n[[arm]]\nname = "b"'


def parse(text: str) -> Experiment:
    """The experiment in a text, as if it stood in e.toml."""
    return definition.parse(text, Path("e.toml"))


@pytest.mark.parametrize("path", definition.shipped(), ids=lambda path: path.stem)
def test_shipped_experiments_are_sound_and_named_as_their_files(path: Path) -> None:
    experiment = definition.load(path)
    assert experiment.name == path.stem and experiment.question.endswith("?") and len(experiment.arms) >= 2


@pytest.mark.parametrize("path", definition.shipped(), ids=lambda path: path.stem)
def test_shipped_experiments_expect_something_that_could_be_missed(path: Path) -> None:
    expected = definition.load(path).expect
    assert expected
    for one in expected:
        assert one.relation is not None or one.high - one.low < (1 if one.pair is None else 2)


def test_the_experiments_that_were_promised_are_shipped() -> None:
    assert {path.stem for path in definition.shipped()} >= {
        "rag-vs-closed-book", "retrievers", "reranker", "passages", "abstention", "temperature", "languages",
        "controls", "queries", "retrieval-again", "corrective", "order", "distractors", "contradiction", "injection",
        "seen-notes", "chunk-sizes", "splitters", "verifier", "alignment",
    }  # fmt: skip


def test_decoding_is_felt_with_documents_and_without() -> None:
    knobs = Knobs(mode="closed_book", temperature=1, top_p=0.9, top_k_sampling=40, repetition_penalty=2)
    given = {"temperature": 1.0, "top_p": 0.9, "top_k_sampling": 40, "repetition_penalty": 2.0}
    assert knobs.lacking() is None and knobs.options() == given
    with pytest.raises(ValueError, match="outside does not depend on top_p"):
        Knobs(generator="large", temperature=1.0, top_p=0.9)


def test_what_is_left_out_is_as_configured() -> None:
    experiment = parse(HEAD + '[[arm]]\nname = "a"\ntop_k = 8\ntemperature = 1\n')
    assert experiment.arms[0].knobs == Knobs(top_k=8, temperature=1)
    assert experiment.arms[0].knobs.options() == {"top_k": 8, "temperature": 1.0}
    assert (experiment.limit, experiment.seed, experiment.languages) == (0, 0, ("en", "ru"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (TWO + '\nretreiver = "bm25"\n', "e.toml:9: .*'retreiver'.* retriever"),
        (HEAD + '[[arm]]\nname = "a"\ntop_k = 0\n', "e.toml:6: top_k must be 1 to 50"),
        (HEAD + '[[arm]]\nname = "a"\nrerank = "yes"\n', "e.toml:6: rerank cannot be 'yes'"),
        (HEAD + '[[arm]]\nname = "a"\nrisk = 2.0\n', "e.toml:6: risk must be 0 to 1"),
        (HEAD + '[[arm]]\nname = "a"\nabstain = false\nrisk = 0.05\n', "e.toml:7: risk is felt by an arm that may"),
        (HEAD + '[[arm]]\nname = "a"\ncontrol = "refuse"\n', "e.toml:6: control cannot be"),
        (HEAD + '[[arm]]\nname = "a"\nmode = "closed_book"\ntop_k = 3\n', "e.toml:4: .*closed book.*top_k"),
        (HEAD + '[[arm]]\nname = "a"\ncontrol = "always_refuse"\nverify = true\n', "e.toml:4: .*depend on verify"),
        (HEAD + '[[arm]]\nname = "a"\n[[arm]]\nname = "a"\n', "e.toml:7: there are two arms"),
        (HEAD + "[[arm]]\ntop_k = 3\n", "e.toml:4: an arm needs a name"),
        (HEAD + '[[arm]]\nname = "a"\ntop_p = 0.9\n', "e.toml:6: top_p narrows .* a temperature above 0"),
        (HEAD + '[[arm]]\nname = "a"\ntemperature = 0\nmin_p = 0.1\n', "e.toml:7: min_p narrows"),
        (HEAD + '[[arm]]\nname = "a"\ntemperature = 1\ntop_p = 2.0\n', "e.toml:7: top_p must be above 0"),
        (HEAD + '[[arm]]\nname = "a"\nrepetition_penalty = 0.5\n', "e.toml:6: repetition_penalty must be 1"),
        (HEAD, "at least one"),
        (HEAD + 'limits = 3\n[[arm]]\nname = "a"\n', "e.toml:4: unknown key 'limits': did you mean limit"),
        ('name = "../up"\nquestion = "Why?"\nquestions = "dev"\n[[arm]]\nname = "a"\n', "e.toml:1: name is letters"),
        ('question = "Why?"\nquestions = "dev"\n[[arm]]\nname = "a"\n', "e.toml:1: name is missing"),
        (HEAD + "limit = -1\n", "e.toml:4: limit must be 0 or more"),
        (HEAD + 'languages = ["de"]\n', "e.toml:4: languages is a list of en, ru"),
        (HEAD + "[[arm]\n", "e.toml:4: not TOML"),
        # The line is the key's own, however the table is written and whatever else is wrong.
        ("name = 1\n" + HEAD[13:] + "lmit = 3\n", "e.toml:4: unknown key 'lmit'"),
        ('name = "x"\nlimit = 3\nquestion = 5\nquestions = "dev"\n', "e.toml:3: question cannot be 5"),
        (HEAD + '[[arm]]\nname = "a"\n[arms]\ntop_k = 3\n', "e.toml:6: unknown key 'arms': did you mean arm"),
        ('name = "x"\nquestion = "?"\n[questions]\npath = "a"\nfromat = "squad"\n', "e.toml:5: unknown key 'fromat'"),
        ('name = "x"\nquestion = "?"\nquestions = {path = "a", fromat = "b"}\n', "e.toml:3: unknown key 'fromat'"),
        (HEAD + 'arm = [\n  {name = "a"},\n  {name = "b", topk = 2},\n]\n', "e.toml:6: .*unknown knob 'topk'"),
        ('name = "x"\nquestion = """\nlimit = 1\n"""\nquestions = "dev"\nlimit = -1\n', "e.toml:6: limit must be"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_line(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        parse(text)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ('arm = "a"\nmetric = "wrong of answer"\nlow = 0.0\nhigh = 1.0', "e.toml:10: .*did you mean wrong of answered"),
        ('arm = "a"\nmetric = "right"\nlow = nan\nhigh = 0.5', "e.toml:11: give low and high"),
        ('pair = ["a", "b"]\nmetric = "right"\nlow = -1.0\nhigh = 1.0', "e.toml:11: .* lies between -1 and 1"),
        ('arm = "a"\nmetric = "right"\nlow = 0.0\nhigh = 1.0', "e.toml:11: .* lies between 0 and 1"),
        ('arm = "a"\nmetric = "grounded refusal F1"\nlanguage = "ru less en"', "e.toml:10: grounded .* no paired diff"),
        ('pair = ["a", "a"]\nmetric = "right"\nrelation = "below"', "e.toml:9: pair is of two different arms"),
        ('arm = "c"\nmetric = "right"\nlow = 0.0\nhigh = 1.0', "e.toml:9: there is no arm 'c'"),
        ('metric = "right"\nlow = 0.0\nhigh = 1.0', "e.toml:8: .*of an arm or of a pair"),
        ('arm = "a"\nmetric = "right"', "e.toml:8: give low and high"),
        ('arm = "a"\nmetric = "right"\nrelation = "below"', "e.toml:11: a relation is between the arms of a pair"),
        ('pair = ["a", "b"]\nmetric = "right"\nrelation = "under"', "e.toml:11: relation cannot be"),
        ('arm = "a"\nmetric = 5\nlow = "x"', "e.toml:10: metric cannot be 5"),
        ('arm = "a"\nmetric = 5\nhihg = 1.0', "e.toml:11: unknown key 'hihg': did you mean high"),
        ('pair = ["a", "b"]\nmetric = "right"\nless = "right"', "e.toml:11: less is another metric of the same arm"),
        ('arm = "a"\nmetric = "right"\nless = "rite"', "e.toml:11: unknown metric 'rite': did you mean right"),
        ('pair = ["a", "b"]\nmetric = "grounded refusal F1"', "e.toml:10: grounded refusal F1 has no paired diff"),
        ('arm = "a"\nmetric = "right"\nlanguage = "de"\nlow = 0.0\nhigh = 1.0', "e.toml:11: language must be"),
        ('pair = ["a", "b"]\nmetric = "right"\nlanguage = "ru less en"', "e.toml:11: ru less en is of one arm"),
    ],
)
def test_an_expectation_that_cannot_be_is_refused(table: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        parse(HEAD + f'[[arm]]\nname = "a"\n[[arm]]\nname = "b"\n[[expect]]\n{table}\n')


@pytest.mark.parametrize(
    ("first", "second"),
    [("", ""), ("temperature = 1", "temperature = 1.0"), ("", 'order = "best-first"'),
     ("distractors = 2", 'distractors = 2\ndistractor_kind = "near misses"')],
)  # fmt: skip
def test_arms_that_ask_for_the_same_thing_are_refused(first: str, second: str) -> None:
    text = HEAD + f'[[arm]]\nname = "a"\n{first}\n[[arm]]\nname = "other"\ntop_k = 8\n[[arm]]\nname = "b"\n{second}\n'
    with pytest.raises(ConfigError, match="e.toml:10: arms 'a' and 'b' ask for the same thing"):
        parse(text)
    assert len(parse(text + "verify = false\n").arms) == 3


# Everything that has to be there, as (table, key, the rest of the table); "" is the top.
REQUIRED = [
    ("", "name", {"question": '"?"', "questions": '"dev"'}),
    ("", "question", {"name": '"x"', "questions": '"dev"'}),
    ("questions", "path", {"format": '"squad"'}),
    ("judge", "kind", {"model": '"m"'}),
    ("judge", "model", {"kind": '"endpoint"', "base_url": '"http://localhost"'}),
    ("generators.m", "kind", {"model": '"m"'}),
    ("generators.m", "model", {"kind": '"endpoint"'}),
]


def _spelt(table: str, rows: list[tuple[str, str]]) -> list[tuple[str, bool]]:
    """(text, whether it belongs before all tables) of the same table in every way that TOML has for it."""
    lines = "".join(f"{key} = {value}\n" for key, value in rows)
    if not table:
        return [(lines, True), (lines.replace("name =", '"name" ='), True)]
    inline = "{" + ", ".join(f"{key} = {value}" for key, value in rows) + "}"
    dotted = "".join(f"{table}.{key} = {value}\n" for key, value in rows)
    found = [(f"[{table}]\n{lines}", False), (f"{table} = {inline}\n", True), (dotted, True)]
    outer, _, last = table.rpartition(".")
    if outer:
        within = "".join(f"{last} . '{key}' = {value}\n" for key, value in rows)
        found += [(f"[{outer}]\n{within}", False), (f"[{outer}]\n{last} = {inline}\n", False)]
    return found


@pytest.mark.parametrize(("table", "key", "rest"), REQUIRED)
@pytest.mark.parametrize("last", [True, False])
def test_a_required_key_of_the_wrong_type_is_named_by_its_own_line(
    table: str, key: str, rest: dict[str, str], last: bool
) -> None:
    wrong = (key, "[5]")
    rows = [*rest.items(), wrong] if last else [wrong, *rest.items()]
    top = "" if not table else 'name = "x"\nquestion = "?"\n' + ("" if table == "questions" else 'questions = "dev"\n')
    for text, before in _spelt(table, rows):
        arm = '[[arm]]\nname = "a"\n'
        whole = "# name = 5\n" + (top + text + arm if before else top + arm + text) + '[[arm]]\nname = "b"\n'
        line = next(number for number, one in enumerate(whole.split("\n"), start=1) if "[5]" in one)
        with pytest.raises(ConfigError, match=rf"^e\.toml:{line}: {key} cannot be \[5\]"):
            parse(whole)


def test_an_unknown_name_brings_the_nearest_one() -> None:
    with pytest.raises(ConfigError, match="did you mean passages"):
        definition.find("pasages")


def test_a_question_file_is_looked_for_beside_its_experiment(tmp_path: Path) -> None:
    (tmp_path / "mine.jsonl").touch()
    path = tmp_path / "e.toml"
    path.write_text(HEAD.replace('"dev"', '"mine.jsonl"') + '[[arm]]\nname = "a"\n', encoding="utf-8")
    assert definition.load(path).questions == str(tmp_path / "mine.jsonl")
