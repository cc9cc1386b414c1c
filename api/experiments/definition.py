"""An experiment as a TOML file: the question it asks, the questions it is asked of, its arms, what is expected.

    name = "passages"                   # letters, digits and hyphens: results lie in a folder of this name
    question = "Do more passages help?" # what the experiment wants to know, one sentence
    questions = "test"                  # train, dev, test, or a file in the corpus format (beside this one); or, with
                                        # its own passages, {format = "squad", path = "..."} (api/question_sets/)
    limit = 0                           # only so many questions, spread over the set; 0: all
    seed = 0                            # of sampling and of whatever is drawn; or seeds = [0, 1, 2]: the figures of
                                        # a question are the means over them
    languages = ["en", "ru"]
    compare_languages = false           # true: Russian less English is tested too, of every arm
    [[arm]]                             # at least one; all others are compared with the first
    name = "five"
    top_k = 5                           # knobs below; one that is left out is as the home is configured
    [[expect]]                          # a figure to check a re-run against
    arm = "five"                        # or pair = ["five", "one"]: the first less the second
    metric = "wrong of answered"        # api/experiments/metrics.py
    language = "all"                    # or en, ru; or, of an arm, "ru less en": the difference over pairs of questions
    less = "..."                        # of an arm: another metric, whose figure is taken from this one
    low = 0.2                           # the interval recorded; or, of a difference, relation = "below" or "above"
    high = 0.4
    [generators.large]                  # a model from outside: an arm has it write by generator = "large"
    [judge]                             # one that judges every answer, beside our own measures
                                        # (keys of both: api/experiments/outside/model.py)

Every error begins with file and line and names the nearest known word; a knob that the arm could not feel is refused,
because its arm would be reported as if it had been turned; so are two arms that ask for the same thing.
"""

from __future__ import annotations

import dataclasses
import math
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from api.config import from_table, nearest
from api.errors import ConfigError
from api.experiments.knobs import KNOBS, Knobs
from api.experiments.metrics import NAMES, OF_A_SET
from api.experiments.outside.model import OutsideModel
from api.experiments.outside.tables import GENERATORS, JUDGE, check_arm, generators_of, judge_of
from api.experiments.toml_places import Places, TomlPlaces
from api.experiments.toml_records import record
from api.question_sets import Format
from corpus.format import LANGUAGES, Split

SHIPPED = Path(__file__).parent / "shipped"
ALL_LANGUAGES = "all"
RU_LESS_EN = "ru less en"  # of the two questions of each pair

Relation = Literal["below", "above"]

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_ARM_NAME = re.compile(r"[\w][\w .+,-]{0,39}")


@dataclass(frozen=True, slots=True)
class Arm:
    """One way to answer. name: as it stands in tables and plots."""

    name: str
    knobs: Knobs


@dataclass(frozen=True, slots=True)
class Expect:
    """A figure and where it is expected: of `arm`, or of `pair` (the first less the second). less: another metric,
    whose figure for the same arm is taken from this one's.

    language: of the questions, or RU_LESS_EN. low, high: the interval recorded; relation "below" or "above" stands for
    everything on that side of 0.
    """

    metric: str
    arm: str | None = None
    pair: tuple[str, str] | None = None
    language: str = ALL_LANGUAGES
    relation: Relation | None = None
    low: float = -math.inf
    high: float = math.inf
    less: str | None = None

    @property
    def what(self) -> str:
        """The figure in words: `rag less closed-book, wrong of answered, all`."""
        of = self.arm if self.pair is None else " less ".join(self.pair)
        less = f" less {self.less}" if self.less is not None else ""
        return f"{of}, {self.metric}{less}, {self.language}"

    @property
    def metrics(self) -> list[str]:
        """The names of what is measured: one, or two where one is taken from the other."""
        return [name for name in (self.metric, self.less) if name is not None]

    @property
    def where(self) -> str:
        """Where it is expected: `0.200 to 0.400`, or `below 0`."""
        return f"{self.relation} 0" if self.relation is not None else f"{self.low:.3f} to {self.high:.3f}"


@dataclass(frozen=True, slots=True)
class Experiment:
    """A whole experiment. questions: "train", "dev", "test" or a path to what `format` says. limit: 0 for all of them.
    seeds: at least one. generators: models from outside by the name that arms use. judge: one that judges the answers.
    compare_languages: whether Russian less English is among what is tested.
    """

    name: str
    question: str
    questions: str
    arms: tuple[Arm, ...]
    limit: int = 0
    seeds: tuple[int, ...] = (0,)
    languages: tuple[str, ...] = LANGUAGES
    expect: tuple[Expect, ...] = ()
    format: Format = "lectern"
    generators: Mapping[str, OutsideModel] = field(default_factory=dict)
    judge: OutsideModel | None = None
    compare_languages: bool = False

    @property
    def seed(self) -> int:
        """The first seed: of whatever is shown once."""
        return self.seeds[0]


@dataclass(frozen=True, slots=True)
class _Top:
    """The keys before the first table, with their types; tuples come as lists and are checked apart."""

    name: str
    question: str
    questions: str
    limit: int = 0
    seed: int = 0
    compare_languages: bool = False


@dataclass(frozen=True, slots=True)
class _Source:
    """The keys of `questions` where it is a table."""

    path: str
    format: Format = "lectern"


@dataclass(frozen=True, slots=True)
class _Figure:
    """The keys of an [[expect]] table that are not lists."""

    metric: str
    arm: str | None = None
    language: str = ALL_LANGUAGES
    relation: Relation | None = None
    low: float | None = None
    high: float | None = None
    less: str | None = None


def shipped() -> list[Path]:
    """The experiments that come with the program, by name."""
    return sorted(SHIPPED.glob("*.toml"))


def find(name: str) -> Path:
    """The file of a shipped experiment, or `name` itself as a path. Raises ConfigError if it is neither."""
    names = {path.stem: path for path in shipped()}
    if name in names:
        return names[name]
    path = Path(name)
    if not path.is_file():
        raise ConfigError(f"no experiment {name!r} is shipped and no such file{nearest(name, names)}")
    return path


def load(path: Path) -> Experiment:
    """The experiment in a file. Raises ConfigError, with the line, for whatever is wrong with it."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: {error}") from error
    return parse(text, path)


def parse(text: str, path: Path) -> Experiment:
    """The experiment in a text; `path` is named in errors and is where a question file is looked for first."""
    places = TomlPlaces(path, text)
    return of_table(read(text, places), places, path)


def read(text: str, places: TomlPlaces) -> dict[str, Any]:
    """The values of a TOML text, nothing checked yet. Raises ConfigError if it is not TOML."""
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # besides TOMLDecodeError: a number or a nesting beyond all bounds
        raise ConfigError(f"{places.of_error(str(error))}: not TOML: {error}") from error


def of_table(table: Mapping[str, Any], places: Places, path: Path) -> Experiment:
    """The experiment in plain values. places: where each stands, for errors. path: see `parse`."""
    lists = {"arm", "expect", "languages", "seeds", GENERATORS, JUDGE}
    for key in table:
        if key not in {field.name for field in dataclasses.fields(_Top)} | lists:
            known = [field.name for field in dataclasses.fields(_Top)] + sorted(lists)
            raise ConfigError(f"{places.at(key=key)}: unknown key {key!r}{nearest(key, known)}")
    source = _source(table.get("questions"), places)
    given = {**table, "questions": source.path} if source is not None else table
    top = record(_Top, {key: value for key, value in given.items() if key not in lists}, places)
    if not _NAME.fullmatch(top.name):
        raise ConfigError(f"{places.at(key='name')}: name is letters a-z, digits and hyphens, not {top.name!r}")
    for key, value in (("limit", top.limit), ("seed", top.seed)):
        if not 0 <= value < 2**63:
            raise ConfigError(f"{places.at(key=key)}: {key} must be 0 or more, not {value}")
    languages = table.get("languages", list(LANGUAGES))
    if not isinstance(languages, list) or not languages or not set(map(str, languages)) <= set(LANGUAGES):
        raise ConfigError(f"{places.at(key='languages')}: languages is a list of {', '.join(LANGUAGES)}")
    if top.compare_languages and not set(LANGUAGES) <= set(languages):
        place = places.at(key="compare_languages")
        raise ConfigError(f"{place}: compare_languages needs questions in both languages: take it or languages out")
    generators = generators_of(table.get(GENERATORS), places)
    arms = tuple(_arm(row, number, generators, places) for number, row in enumerate(_tables(table, "arm", places)))
    if not arms:
        raise ConfigError(f"{places.at()}: an experiment needs at least one [[arm]]")
    names = [arm.name for arm in arms]
    for number, name in enumerate(names):
        if name in names[:number]:
            raise ConfigError(f"{places.at('arm', number, 'name')}: there are two arms called {name!r}")
    rows = _tables(table, "expect", places)
    expect = tuple(_expect(row, number, names, languages, places) for number, row in enumerate(rows))
    found = Experiment(
        top.name, top.question, _questions(top.questions, path), arms, top.limit, _seeds(table, top.seed, places),
        tuple(dict.fromkeys(languages)), expect, "lectern" if source is None else source.format,
        generators, judge_of(table.get(JUDGE), places), top.compare_languages,
    )
    _check_distinct(arms, places)
    return found


def _source(value: object, places: Places) -> _Source | None:
    """`questions` as a table; None where it is a name or left out."""
    if value is None or isinstance(value, str):
        return None
    where = places.at(key="questions")
    if not isinstance(value, Mapping):
        raise ConfigError(f"{where}: questions is train, dev, test, a path, or {{format = \"...\", path = \"...\"}}")
    if "path" not in value:
        raise ConfigError(f"{where}: questions needs path = \"...\" beside its format")
    return record(_Source, value, places, "questions")


def _questions(value: str, path: Path) -> str:
    """A split as it is; a file or folder that lies beside the experiment with its folder."""
    beside = path.parent / value
    return str(beside) if value not in get_args(Split) and beside.exists() else value


def _tables(table: Mapping[str, Any], key: str, places: Places) -> list[dict[str, Any]]:
    rows = table.get(key, [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ConfigError(f"{places.at(key=key)}: write [[{key}]] with its keys below it")
    return rows


def _arm(
    row: Mapping[str, Any], number: int, generators: Mapping[str, OutsideModel], places: Places
) -> Arm:
    name = row.get("name")
    if not isinstance(name, str) or not _ARM_NAME.fullmatch(name):
        raise ConfigError(
            f"{places.at('arm', number, 'name')}: an arm needs a name of letters, digits, spaces and . + , -"
        )
    knobs = {key: value for key, value in row.items() if key != "name"}
    for key in knobs:
        if key not in KNOBS:
            place = places.at("arm", number, key)
            raise ConfigError(f"{place}: arm {name!r} has an unknown knob {key!r}{nearest(key, KNOBS)}")
    found = _knobs(knobs, number, places)
    check_arm(found, number, generators, places)
    return Arm(name, found)


def _knobs(row: Mapping[str, Any], number: int, places: Places) -> Knobs:
    """The knobs, each checked for itself and then together: only some belong to a closed book."""
    for key, value in row.items():
        from_table(Knobs, {key: value}, where=places.at("arm", number, key))
    knobs = from_table(Knobs, row, where=places.at("arm", number))
    if (lack := knobs.lacking()) is not None:
        raise ConfigError(f"{places.at('arm', number, lack[0])}: {lack[1]}")
    return knobs


def _check_distinct(arms: tuple[Arm, ...], places: Places) -> None:
    """Raises ConfigError if two arms would give the same answers: compared, they would take part in the correction."""
    names: dict[Knobs, str] = {}
    for number, arm in enumerate(arms):
        same = names.setdefault(arm.knobs.plain(), arm.name)
        if same != arm.name:
            place = places.at("arm", number)
            raise ConfigError(f"{place}: arms {same!r} and {arm.name!r} ask for the same thing: take one out")


def _seeds(table: Mapping[str, Any], seed: int, places: Places) -> tuple[int, ...]:
    """The seeds, each once; `seed` where there is no list."""
    if "seeds" not in table:
        return (seed,)
    seeds = table["seeds"]
    if "seed" in table:
        raise ConfigError(f"{places.at(key='seeds')}: give seed or seeds, not both")
    if not isinstance(seeds, list) or not seeds or not all(type(one) is int and 0 <= one < 2**63 for one in seeds):
        raise ConfigError(f"{places.at(key='seeds')}: seeds is a list of whole numbers from 0, such as [0, 1, 2]")
    if len(set(seeds)) < len(seeds):
        raise ConfigError(f"{places.at(key='seeds')}: a seed stands twice: its answers would be counted twice")
    return tuple(seeds)


def _expect(
    row: Mapping[str, Any], number: int, arms: list[str], languages: list[str], places: Places
) -> Expect:
    figure = record(_Figure, {k: v for k, v in row.items() if k != "pair"}, places, "expect", number)
    pair = row.get("pair")

    def refuse(key: str, message: str) -> ConfigError:
        return ConfigError(f"{places.at('expect', number, key)}: {message}")

    for key, metric in (("metric", figure.metric), ("less", figure.less)):
        if metric is not None and metric not in NAMES:
            raise refuse(key, f"unknown metric {metric!r}{nearest(metric, NAMES)}")
    if figure.less is not None and pair is not None:
        raise refuse("less", "less is another metric of the same arm: give an arm in place of the pair")
    known = [ALL_LANGUAGES, *languages, *([RU_LESS_EN] if set(LANGUAGES) <= set(languages) else [])]
    if figure.language not in known:
        raise refuse("language", f"language must be {', '.join(known)}")
    if figure.less is not None and figure.language == RU_LESS_EN:
        raise refuse("less", f"less and {RU_LESS_EN} are two differences: give one of them")
    if (figure.arm is None) == (pair is None):
        raise refuse("", "an expected figure is of an arm or of a pair: give one of them")
    between = figure.language == RU_LESS_EN
    if pair is not None and between:
        raise refuse("language", f"{RU_LESS_EN} is of one arm: give arm in place of pair, or another language")
    if pair is not None and (not isinstance(pair, list) or len(pair) != 2):
        raise refuse("pair", "pair is a list of two arms")
    if (pair or figure.less or between) and {figure.metric, figure.less} & set(OF_A_SET):
        raise refuse("metric", f"{', '.join(OF_A_SET)} has no paired difference: expect it of an arm, without less")
    for name in pair or [figure.arm]:
        if name not in arms:
            raise refuse("pair" if pair else "arm", f"there is no arm {name!r}{nearest(str(name), arms)}")
    if pair and pair[0] == pair[1]:
        raise refuse("pair", "pair is of two different arms: one less itself is always 0")
    low, high = figure.low, figure.high
    if figure.relation is not None:
        if (pair is None and not between and figure.less is None) or low is not None or high is not None:
            between_what = "the arms of a pair, two languages or two metrics"
            raise refuse("relation", f"a relation is between {between_what}: give no low, no high")
        # Strictly: two equal figures are neither below nor above each other.
        below = figure.relation == "below"
        low, high = (-math.inf, math.nextafter(0, -1)) if below else (math.nextafter(0, 1), math.inf)
    elif low is None or high is None or not low <= high:  # nan is neither
        raise refuse("low", "give low and high, low first, or a relation")
    elif low <= (least := -1 if pair or figure.less or between else 0) and high >= 1:
        raise refuse("low", f"what is expected lies between {least} and 1: give bounds that it can miss")
    chosen = None if pair is None else (str(pair[0]), str(pair[1]))
    return Expect(figure.metric, figure.arm, chosen, figure.language, figure.relation, low, high, figure.less)
