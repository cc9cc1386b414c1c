"""What kind of thing a question asks for, and what it tells that a sentence has one, or none.

«How much does thawing cost?» is not answered by "Thawing takes 3 to 12 hours", however much both speak of thawing; a
small reader takes it for the answer all the same. The kind is told by the first words of the question (answer types: Li
& Roth 2002, "Learning question classifiers"), its presence by words and signs.

What that tells is the logarithm of a likelihood ratio: how often the sentences that answer have it, by how often their
neighbours have it, over the train questions of the reading sets (`python -m tests.bench.bench_asked`). It is added to
what the reader makes of the sentence.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

Kind = Literal["money", "duration", "date", "number"]
Sign = Literal["it", "a number", "nothing"]

# By kind: what a sentence tells that has the kind of thing, that has some number instead, and that has neither.
WEIGHTS: Mapping[Kind, Mapping[Sign, float]] = {
    "money": {"it": 1.8, "a number": -1.1, "nothing": -2.5},
    "duration": {"it": 0.9, "a number": -2.3, "nothing": -2.8},
    "date": {"it": 0.5, "a number": -1.6, "nothing": -2.0},
    "number": {"it": 0.4, "a number": 0.4, "nothing": -2.9},
}


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE)


def _words(text: str) -> str:
    """A pattern for one of these words, each a pattern itself."""
    return rf"\b(?:{'|'.join(text.split())})\b"


_TIME = _words(
    r"(?:milli|micro|nano)?seconds? minutes? hours? days? nights? weeks? months? years? decades? century centuries"
    r" (?:милли|микро|нано)?секунд\w* минут\w* час(?:а|ов|у|ы|ам|ами|ах)? день дн(?:я|ей|ю|и|ям|ями|ях|ём)"
    r" сут(?:ки|ок|кам|ках) ноч(?:ь|и|ей) недел\w+ месяц\w* квартал(?:а|ов|ы)? год(?:а|у|ы|ов|ом|ам|ами|ах)? лет"
    r" полгода полугод\w+ десятилет\w+ \w*летн\w+ век(?:а|ов|у|е|ами)?"
)
_BEGINNING = (
    r"^\W*(?:(?:and|so|but|а|и|но) )?"
    r"(?:(?:at|in|on|for|by|from|since|until|till|after|within|с|со|в|во|на|за|до|к|по|через) )?"
)
_PAYING = _words(
    r"cost costs pay paid charge charged charges price prices fee fees rent ticket tickets deposit subscription"
)
# By kind, in this order: questions of a later kind may have the words of an earlier one.
_FORMS: Mapping[Kind, tuple[str, ...]] = {
    "money": (
        rf"how much (?:does|do|did|will|would|is|are|was|were|must|should)\b.*{_PAYING}", r"how much money\b",
        r"what (?:do|does|did|will|would)\b.*\bcosts?\b", r"how (?:expensive|cheap)\b",
        r"what(?:'s| is| was| are| were) the (?:\w+ ){0,2}(?:fees?|fines?|fare|rent|deposit)\b(?!-)",
        r"сколько (?:\w+ ){0,3}?(?:стоит|стоят|стоил[аио]?|будет стоить|заплат\w+|плат\w+|плачу|денег|рублей)\b",
        r"почём\b", r"(?:сколько )?(?:обойдётся|обходится|обошлось|обошёлся|обошлась)\b",
        r"как(?:ая|ова|ой|ов|ие|овы) (?:\w+ ){0,2}(?:стоимость|штраф|штрафы|тариф|доплата|комиссия)\b",
    ),
    "duration": (
        r"how long (?!is\b|are\b|was\b|were\b|should\b.*\bbe\b)", r"how (?:soon|quickly)\b", rf"how many {_TIME}",
        r"как долго\b", rf"сколько (?:\w+ )?{_TIME}", r"сколько (?:\w+ )?(?:времени|по времени)\b", r"какой срок\b",
    ),
    "date": (
        r"when (?:did|was|were|will|has|have|had)\b", r"what time\b",
        r"(?:what|which) (?:year|month|day|date|century|decade)\b",
        r"когда (?:\w+ ){0,4}?\w+(?:л|ла|ло|ли|лся|лась|лось|лись)\b",
        r"како[мйе] (?:году|год|месяце?|день|дня|числ[аоу]|дат[аы]|век[еа]?|десятилетии|час[уа]?|часов)\b",
        r"каких годах\b", r"какую дату\b", r"скольки\b", r"сколько (?:открыва|закрыва|начина|заканчива)\w+",
    ),
    "number": (
        r"how (?:many|much|far|high|tall|wide|deep|heavy|big|large|hot|cold|fast|often|frequently|thick|old)\b",
        r"how long (?:is|are|was|were|should)\b",
        r"(?:what|which) (?:\w+ ){0,2}?(?:percentage|share|fraction|proportion|number|temperature|percent)\b",
        r"сколько\b", r"скольк(?:им|их|ими)\b", r"как часто\b", r"во сколько раз\b",
        r"насколько (?:больше|меньше|выше|ниже|дороже|дешевле)\b",
        r"как(?:ая|ова|ой|ов|ое|ово) (?:\w+ )?(?:доля|процент|температура|скорость|численность|число|количество)\b",
        r"как(?:ая|ова|ой|ов) (?:\w+ )?(?:высот|длин|ширин|глубин|мощност|частот|площад)\w+",
        r"как(?:ой|ов|ого) (?:\w+ )?(?:вес|веса|объём|объёма|размер|размера|возраст|возраста)\b",
    ),
}
_QUESTIONS: Mapping[Kind, re.Pattern[str]] = {
    kind: re.compile(f"{_BEGINNING}(?:{'|'.join(forms)})", re.IGNORECASE) for kind, forms in _FORMS.items()
}

_NUMBER = _any(
    r"\d",
    _words(
        r"no none zero one two three four five six seven eight nine ten eleven twelve \w+teen twenty thirty forty fifty"
        r" sixty seventy eighty ninety hundreds? thousands? millions? billions? trillions? dozens? half halves thirds?"
        r" quarters? once twice double[ds]? twofold triple\w* both pair single every each daily weekly monthly yearly"
        r" annually hourly never always all only"
        r" нол\w+ нул\w+ один одн\w+ дв(?:а|е|ух|ум|умя|ое|оих) тр(?:и|ёх|ех|ём|емя|ое) четыр\w+ четвер\w+ пят[ьи]\w*"
        r" шест[ьи]\w* семь семи семью восем\w+ восьм\w+ девят\w+ десят\w+ \w+надцат\w+ \w*дцат\w+ сорок\w* девяност\w+"
        r" сто ста сот\w* \w+сот двести двухсот триста тысяч\w* миллион\w* миллиард\w* триллион\w* дюжин\w* полов\w+"
        r" трет[ьи]\w* полтор\w+ пол дважды трижды вдвое втрое вчетверо удва\w+ об[ае]\w* пара пару кажд\w+ ежедневн\w+"
        r" еженедельн\w+ ежемесячн\w+ ежегодн\w+ никогда всегда раз разов\w* единств\w+"
    ),
)
_SIGNS: Mapping[Kind, re.Pattern[str]] = {
    "number": _NUMBER,
    "money": _any(
        r"[$€£₽¥%]",
        _words(
            r"usd eur gbp rub dollars? euros? pounds? cents? pence francs? yen free charge charges charged included"
            r" nothing percent руб\w* коп\w* доллар\w* евро фунт\w* цент\w* франк\w* крон\w* тенге гривен\w* юан\w*"
            r" бесплатн\w* безвозмездн\w* даром млн млрд тыс процент\w*"
        ),
    ),
    "duration": _any(
        _TIME,
        _words(
            r"until till forever overnight immediately moments? \w+-(?:day|hour|minute|year|week|month) lifetime ms"
            r" мгновенно сразу немедленно навсегда бессрочно пока (?:полу)?годов\w* мс мин сек суточн\w*"
        ),
    ),
    "date": _any(
        r"\d", _TIME,
        _words(
            r"january february march april may june july august september october november december monday tuesday"
            r" wednesday thursday friday saturday sunday spring summer autumn winter today yesterday tomorrow ago later"
            r" after before during until since once noon midnight evening morning when war"
            r" январ\w* феврал\w* март\w* апрел\w* ма[яйе] июн\w* июл\w* август\w* сентябр\w* октябр\w* ноябр\w*"
            r" декабр\w* понедельник\w* вторник\w* сред[ыуе]\w* четверг\w* пятниц\w* суббот\w* воскресень\w* весн\w*"
            r" лет[оа]м? осень\w* осени зим\w+ сегодня вчера завтра назад позже после до перед пока когда если сразу"
            r" полдень полночь вечер\w* утр\w*"
        ),
    ),
}


def asked_kind(question: str) -> Kind | None:
    """The kind of thing that is asked for; None where the first words do not tell."""
    return next((kind for kind, pattern in _QUESTIONS.items() if pattern.search(question)), None)


def sign(kind: Kind, text: str) -> Sign:
    """Whether a text has a thing of this kind, some number instead, or neither."""
    if _SIGNS[kind].search(text):
        return "it"
    return "a number" if _NUMBER.search(text) else "nothing"


def told(kind: Kind | None, text: str) -> float:
    """In log-odds, what it tells of a text as an answer that it has the kind of thing that is asked for, or not."""
    return 0.0 if kind is None else WEIGHTS[kind][sign(kind, text)]
