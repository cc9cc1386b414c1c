"""Follow-up questions in a conversation: "And how large is it?" after "What does a KV cache store?".

Retrieval sees one string, so a question that leans on an earlier one would find nothing. The rule, which
is all that is done with earlier messages:

1. A question is a *follow-up* if it contains a word that points back (it, this, they, ..., он, это, они,
   ...), or opens by going on (and, but, what about, ..., а, и, ну), or has fewer than two content words
   and does not ask what something is ("Why?" and "How large?" are follow-ups, "What is LoRA?" is not).
2. A follow-up is searched together with the content words of the user's earlier questions, going back
   until one of them is not a follow-up itself, four at most.
3. The answerer still gets the question as it was asked. System and assistant messages are not read.

The price: a question that only looks like a follow-up drags the old subject's words along; its own words
still match, so the right passage ranks a little lower.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from api.question import MAX_QUESTION_CHARS

MIN_CONTENT_WORDS = 2
MAX_EARLIER_QUESTIONS = 4

_WORD = re.compile(r"[^\W_]+(?:[-.][^\W_]+)*")

# "that", "one", "то", "такой" are left out: they point back less often than they join clauses ("что такое").
_BACK = """
it its they them their theirs this these those he him his she her hers former latter
он его него ему нему нём она ей ней оно они их них ими ними её неё
этот эта это эти этого этой этому этом этим этих этими эту
"""
_OTHER = """
a an the and or but if of in on at by for with from to into as is are was were be been do does did has have
had can could will would should may might must not no so than then there here what which who whom whose
when where why how much many about more most also too very just i you we me my your our us please tell explain
define describe that such same one else
и а но или если в во на с со по к ко у о об от до из за для при над под без про не ни же ли бы то так как что
чтобы кто какой какая какое какие каков какова каковы какого каких каким чем чего чему чём где когда почему
зачем сколько куда откуда есть был была было были быть будет будут можно нужно надо ещё еще уже только очень
тоже также такое такой такая такие тогда там тот та те значит именно насчёт насчет я ты вы мы мне мой ваш наш
нас расскажи расскажите объясни объясните опиши опишите скажи пожалуйста ну
"""
_POINTS_BACK = frozenset(_BACK.split())
_FUNCTION_WORDS = _POINTS_BACK | frozenset(_OTHER.split())

_GOES_ON = re.compile(
    r"(?:and|but|so|what about|how about|а|и|но|ну|тогда|what else|что ещё|что еще)\b", re.IGNORECASE
)
_ASKS_WHAT_IS = re.compile(
    r"(?:what(?:'s| is| are)|who(?: is| are)|define|explain|describe|tell me about|что такое|что значит|"
    r"что за|кто так(?:ой|ая|ие)|расскажи(?:те)?|объясни(?:те)?|опиши(?:те)?)\b",
    re.IGNORECASE,
)


def content_words(question: str) -> list[str]:
    """The words that carry the subject, as written and in order."""
    return [word for word in _WORD.findall(question) if word.lower() not in _FUNCTION_WORDS]


def is_follow_up(question: str) -> bool:
    """Whether the question leans on an earlier one (rule 1 above)."""
    words = {word.lower() for word in _WORD.findall(question)}
    if words & _POINTS_BACK or _GOES_ON.match(question):
        return True
    return len(content_words(question)) < MIN_CONTENT_WORDS and not _ASKS_WHAT_IS.match(question)


def search_text(question: str, earlier: Sequence[str]) -> str:
    """What retrieval searches for `question`, asked after the user's `earlier` questions (oldest first).

    The question whole, then as many of the borrowed words as a question may hold: of long messages there can be more.
    """
    if not is_follow_up(question):
        return question
    borrowed: list[str] = []
    for previous in list(reversed(earlier))[:MAX_EARLIER_QUESTIONS]:
        borrowed = content_words(previous) + borrowed
        if not is_follow_up(previous):
            break
    own = {word.lower() for word in content_words(question)}
    added = dict.fromkeys(word for word in borrowed if word.lower() not in own)
    return _within(question, added)


def _within(question: str, added: Iterable[str]) -> str:
    """The question with the first of the words added, up to the length of a question."""
    text = question
    for word in added:
        if len(text) + 1 + len(word) > MAX_QUESTION_CHARS:
            break
        text += f" {word}"
    return text
