"""Whether a sentence that was put together from copied words reads as a sentence: by what stands around the copies.

A long run of copied words that begins or ends amid a clause of its source («the results on BIG-bench», where the source
goes on «were left out») is half a thought, however likely its words, unless the decoder's own words go on from there.
People cut and join so too, and well. A small decoder that does so is mostly not to be understood; its other drafts, or
a quotation, are the better choice.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from generator.memory import EVIDENCE, QUESTION, Source
from generator.pieces import SENTENCE_END
from generator.quoting import NOTES_AT_END
from generator.seams import well_joined
from generator.written import Written, goes_on, runs_of
from ingest.lists import CLAUSE_NUMBER
from ingest.sentences import NOTE_MARKS, split_sentences
from retrieval.analysis import FUNCTION_WORDS, analyze

# A run of as many words brings its own syntax along; a shorter one is a name or a term.
LONG_RUN = 4
NEGATIONS = frozenset(
    ["not", "never", "no", "nor", "neither", "without", "cannot", "none", "nothing", "nobody"]
    + ["не", "ни", "нет", "без", "никогда", "нельзя", "никто", "ничего", "ничто"]
)
# What follows from what is for the documents to say.
CAUSES = frozenset(
    ["so", "therefore", "thus", "hence", "because", "since", "поэтому", "потому", "значит", "следовательно", "оттого"]
)
STOPS = frozenset(".,;:!?…—–()[]{}«»“”\"")
# A main clause begins after these words, and after none of the relative ones.
_MAIN_CLAUSE_AFTER = frozenset(
    ["and", "but", "so", "that", "while", "whereas", "therefore", "и", "но", "что", "поэтому"]
)
# So it does after «а», where the verb is not left out as it was said before («а матрицу B — нулями»).
_JOINING = _MAIN_CLAUSE_AFTER | {"а"}
_RELATIVE = frozenset(
    # fmt: off
    ["which", "who", "whose", "whom", "where", "чей", "чья", "чьё", "чьи", "которые", "который", "которая",
     "которое", "которого", "которой", "которых", "которым", "которую", "где"]
    # fmt: on
)
_POINTING = frozenset(["it", "they", "this", "these", "это", "он", "она", "оно", "они"])
_PRONOUNS = frozenset(
    # fmt: off
    ["it", "its", "they", "them", "their", "he", "she", "his", "her",
     "он", "она", "оно", "они", "его", "её", "ее", "их", "им", "ими", "ним", "ней", "ними", "них", "нём", "нем"]
    # fmt: on
)
_POINTED_AT = re.compile(r"\bт(?:о|ого|ом|ем|ому),$")  # «то, что»
_CLAUSE_ENDS = frozenset(".!?…;")
_OPENING = frozenset("([{«“\"'`*_")
# What stands between these says something of its own.
_BETWEEN_CLAUSES = re.compile(r"[;:—–]|[.!?…]\s")
# What stands right behind a name belongs to it: «sqrt(d_k)»; not the mark of a note: «attention[12]».
_ARGUMENT = re.compile(r"[(_^{]|\[(?!\^?\w{1,3}\])")
_LATIN, _CYRILLIC = re.compile("[a-z]+"), re.compile("[а-яё]+")
_THOSE = "those(?! who| that| which| with| of)"
# A sentence that begins with these is not to be understood without the one before it.
_LEANING = re.compile(
    r"(?:it(?! (?:is|was|has been|will be|should be) (?:\w+ ){0,2}(?:that|whether) )"
    rf"|its|they|their|them|this|that|these|{_THOSE}|he|she|his|her|such|so|but|and|also|therefore|thus|hence|however"
    r"|yet,|moreover|furthermore|additionally|otherwise|instead|similarly|likewise|consequently|then|here|in the same"
    r"|the (?:latter|former|other|same|above)|in addition|in contrast|by contrast|as a result|for this|in other words"
    r"|both (?:of|\w+s)(?! and)|another|finally|secondly|thirdly|next(?=,| (?:we|i|it|they|comes?)\b)"
    r"|an? (?:second|third|later)|the (?:second|third|two|three|remaining|rest)(?! (?:part|half|of))"
    r"|(?:to do|(?:by |in )?doing) (?:so|this|that)"
    r"|(?:if|when|while|since|because|although|given|using|unlike|despite|without|with|for|by|in|on|to|from|of|under|after"
    rf"|before|at) (?:this|these|{_THOSE}|such)"
    r"|он|она|оно|они|его|её|ее|их|это|этот|эта|эти|этим|этих|этого|этой|этому|тем|там|тогда|такой|такая|такое|такие"
    r"|поэтому|однако|но|а|и|также|затем|зато|значит|кроме того|при этом|к тому же|в том же|в той же|для этого|то есть"
    r"|следовательно|таким образом|в результате|вместо этого|напротив|наоборот|иначе говоря|другими словами|аналогично"
    r"|в отличие от (?:этого|него|неё|нее|них)|оба|обе|далее|наконец|во-вторых|в-третьих|из них|остальн(?:ой|ая|ое|ые)"
    r"|(?:ещ[её] один|ещ[её] одна|ещ[её] одно|друг(?:ой|ая|ое|ие)|втор(?:ой|ая|ое)|трет(?:ий|ья|ье))"
    r"(?! (?:часть|половина|треть))|в (?:перв|втор|треть|последн|друг)(?:ом|ем|ой|ей|ую) "
    r"|(?:если|когда|хотя|для|в|на|по|с|из|от|без|после|до|к|при)"
    r" (?:этот|эта|эту|эти|этих|этого|этой|этом|этим|этими|этому"
    r"|такой|таких|такого|таком))(?:\b|(?<=,))(?!-)",
    re.IGNORECASE,
)
# Nothing before it is meant by a document that speaks of itself, nor by an initial («И. Суцкевер») or «IT companies».
_STANDS_ALONE = re.compile(
    r"(?i:(?:(?:in|on|to|for) )?this (?:paper|work|article|survey|report|study|review|tutorial|thesis|book|guide"
    r"|document)\b"
    r"|(?:во? )?(?:эт|данн|настоящ)\w{1,3} (?:стать|работ|обзор|отч[её]т|книг|пособи|документ)\w*)"
    r"|[A-ZА-ЯЁ]\.\s|[A-ZА-ЯЁ]{2,}\b(?! [A-ZА-ЯЁ]{2})"
)
# «Motivated by these results», «Из этого следует»: among the first words, where no document speaks of itself.
_POINTS_EARLY = re.compile(
    rf"(?:[\w’'-]+,? ){{1,3}}(?:this|these|{_THOSE})\b"
    r"(?! (?:paper|work|article|survey|report|study|review|tutorial|thesis"
    r"|book|guide|document)\b)"
    r"|(?:[\w-]+,? ){1,2}эт(?:от|ого|ому|им|ом|их|ими|и|а|у|ой)\b(?! (?:стать|работ|обзор|отч[её]т|книг|пособи"
    r"|документ))",
    re.IGNORECASE,
)
# What has these anywhere is not to be understood alone either.
_POINTING_BACK = re.compile(
    r"\b(?:as|is|are|was|were) (?:\w+ )?(?:described|mentioned|noted|discussed|shown|defined|stated|explained|seen) "
    r"(?:above|earlier|before|previously|in the previous)\b"
    r"|\bgoes (?:even |still )?further\b|\btakes? (?:a|the) (?:different|other) (?:road|way|path)\b"
    r"|\bид[её]т (?:ещ[её] )?дальше\b"
    r"|\bкак (?:\w+ )?(?:описано|сказано|показано|отмечено|упомянуто|говорилось|отмечалось) (?:выше|ранее)\b",
    re.IGNORECASE,
)
_MARKUP = re.compile(r"<[!/|a-zA-Z]|\[/|\||={3}|-{3}|\*{3}|#(?=\w)|\{\{|```")
# What follows these leans on what stood before them: «KV-кэш — хранилище», not «KV-кэш хранилище».
_LINKS = tuple("—–:")
_NO_BEGINNING = tuple("([{,;:)]}—–-")
_NO_END = tuple(",;:—–-")
_FINAL = frozenset(".!?…)]}»”\"")
# A clause or a member of a list begins after these.
_CONJUNCTIONS = frozenset(
    # fmt: off
    ["and", "or", "but", "which", "that", "who", "whose", "because", "so", "while", "if", "when", "as", "where",
     "than", "since", "although", "though",
     "и", "а", "но", "или", "который", "которая", "которое", "которые", "которых", "что", "чтобы", "если", "когда",
     "потому", "поэтому", "где", "чем", "как", "то", "хотя", "пока", "либо"]
    # fmt: on
)
# A clause can stop short of these and is whole.
JOINTS = _CONJUNCTIONS | frozenset(
    ["with", "from", "by", "for", "in", "on", "to", "after", "before"]
    + ["в", "на", "с", "для", "по", "из", "от", "после", "до", "при"]
)
OPENED_BY = {")": "(", "]": "[", "»": "«", "”": "“"}
# A word that is a name wherever it stands: «GQA», «LoRA», «GPT-4».
_NAME = re.compile(r"[^\W\d_]*[A-ZА-ЯЁ][^\W\d_]*(?:[A-ZА-ЯЁ]|[-\u2010\u2011]?\d)[\w.\u2010\u2011-]*")
# What is left of a formula that stood in lines of its own: «we can approximate: ∂C».
_BROKEN_FORMULA = re.compile(r":\s+[^\s.!?]{1,8}$")
# What a sentence can begin with in lower case: «nanoGPT», «max_length», «generate()», «k-means», «π».
_CODE_NAME = re.compile(r"[^\s,.;:]*?(?:[A-ZА-ЯЁ\d_]|\(\))|[b-hj-zα-ω](?=[\s-])")
_TITLE = re.compile(r"[«\"(]?[A-ZА-ЯЁ]{5,}\b")
# «Table 22: Exemplars for the task.»: as short as a title, a caption hardly says more than one.
_CAPTION = re.compile(r"(?:Figure|Fig\.|Table|Рис(?:\.|унок)|Табл(?:\.|ица)) ?\d+(?:\.\d+)*[:.] ", re.IGNORECASE)
_LONGEST_CAPTION = 16
_NOTES_FIRST = re.compile(rf"^\s*(?:{NOTE_MARKS})\s*")
_CELLS = re.compile(r"(?<![\w.,-])\d+(?:[.,]\d+%?|%) \d+(?:[.,]\d+%?|%)(?![\d.,]*\d)")
_NOTE_SIGNS = ("∗", "†", "‡")
_LONGEST_SUBJECT = 6
_LONGEST_HEADING = 8
_WORD, _LAST_WORD = re.compile(r"\w+"), re.compile(r"\w+$")


def leans(sentence: str) -> bool:
    """Whether a sentence points back, with its first words or in so many words."""
    words = CLAUSE_NUMBER.sub("", sentence.lstrip("«\"“*_ "), count=1)
    begins_so = _LEANING.match(words) is not None and _STANDS_ALONE.match(words) is None
    return begins_so or any((_POINTS_EARLY.match(words), _POINTING_BACK.search(sentence)))


def begins_with_markup(sentence: str) -> bool:
    """Whether what was taken for a sentence begins with what no sentence of a document begins with: a tag, a comment, a
    token of a chat template, a row of a table, a rule. Whatever stands behind it, an order to the reader often enough
    (`<!-- for robots: ... -->`, `<|im_end|>`), is nothing to quote."""
    return _MARKUP.match(sentence.lstrip()) is not None


def fragment(sentence: str) -> bool:
    """Whether a sentence of a document is none: it goes on from what stands before it, ends with a colon or the first
    letters of a formula behind one, is as short as a heading and has no end, has two results side by side as a row of a
    table, is a short caption, or is the note to a name («∗Equal contribution»). Files with lines of a page (PDF) are
    full of these."""
    words = sentence.split()
    sentence = _NOTES_FIRST.sub("", sentence)
    opening, end = sentence.lstrip("«\"“*_( ")[:1], NOTES_AT_END.sub("", sentence.rstrip())[-1:]
    open_end = len(words) <= _LONGEST_HEADING or _BROKEN_FORMULA.search(sentence.rstrip()) or _TITLE.match(sentence)
    if end not in _FINAL and open_end:
        return True
    goes_on = opening.islower() and _CODE_NAME.match(sentence.lstrip("«\"“*_`( ")) is None
    is_row = _CELLS.search(sentence) is not None
    caption = _CAPTION.match(sentence) is not None and len(words) <= _LONGEST_CAPTION
    return goes_on or is_row or caption or end == ":" or sentence.lstrip().startswith(_NOTE_SIGNS)


def begins_amid(text: str, start: int) -> bool:
    """Whether `text[start:]` begins amid a clause: no stop before it, no end of a line, and no word that joins."""
    before = text[:start].rstrip()
    if not before or before[-1] in STOPS or _new_line(text, len(before), start):
        return False
    word = _LAST_WORD.search(before)
    return word is None or word[0].lower() not in _CONJUNCTIONS


def ends_amid(text: str, end: int) -> bool:
    """Whether `text[:end]` ends amid a clause: no stop is there or follows, no line ends, and no word joins."""
    after = text[end:].lstrip()
    at = len(text) - len(after)
    if not after or after[0] in STOPS or text[end - 1] in _FINAL or _new_line(text, end, at):
        return False
    if after[0] in "-*•" and at > end:
        return False  # a dash between spaces, or the next item of a list
    word = _WORD.match(after)
    return word is None or word[0].lower() not in JOINTS


def whole(text: str, pieces: Sequence[Written], passages: Sequence[str]) -> bool:
    """Whether no long copied run begins or ends amid a clause of its passage where the sentence begins or ends, or
    where another copy meets it, and none says the question back. pieces: of the sentence `text`."""
    said = list(pieces)
    if len(said) > 1 and text[-1] in SENTENCE_END and not goes_on(said, len(said) - 1):
        said.pop()  # a full stop of the decoder's own
    runs = runs_of(said)
    offset = pieces[-1].end - len(text)
    if runs[0][0].source is None and text[: runs[0][0].end - offset].lower() in _POINTING:
        return False  # nothing tells what the decoder's own "it" is
    if _foreign(text, said, offset) or not well_joined(text, runs, offset, passages) or any(
        _spliced(before, after, passages) for before, after in zip(runs, runs[1:], strict=False)
    ):
        return False
    for number, run in enumerate(runs):
        if (number and _opens_a_sentence(run[0].source, passages)) or _says_back(run):
            return False
        place = _run(run, passages, shortest=1 if len(runs) == 1 else LONG_RUN)
        if place is None:
            continue
        passage, start, end = place
        if number == 0 and (not _opens(passage, start) or _pronoun_left_alone(text, passage, start)):
            return False
        if number and (passage[:start].rstrip()[-1:] in _LINKS or not _left_out(passage, start)):
            return False
        own = number > 0 and runs[number - 1][-1].source is None
        joining = text[runs[number - 1][-1].start - offset : runs[number - 1][-1].end - offset].strip() if own else ""
        if joining.lower() in _JOINING and not _opens(passage, start):
            return False
        meets_before = number > 0 and not own
        meets_after = number + 1 == len(runs) or runs[number + 1][0].source is not None
        if (meets_before and begins_amid(passage, start)) or (meets_after and ends_amid(passage, end)):
            return False
    return True


def _opens(text: str, start: int) -> bool:
    """Whether a sentence can begin with `text[start:]`: where a sentence or a main clause of the text begins."""
    before, first = text[:start].rstrip(), _WORD.match(text, start)
    second = None if first is None else _WORD.search(text, first.end())
    if any(word is not None and word[0].lower() in _RELATIVE for word in (first, second)):  # «у которых»
        return False
    if before and len(before) == start and before[-1] not in _OPENING:
        return False  # «model.py»
    skipped = _left_out(text, start)
    if skipped.rfind("(") > skipped.rfind(")"):
        return False  # «HyDE (of vectors; [Gao and Ma, 2022) asks]»
    if not before or before[-1] in _CLAUSE_ENDS or _new_line(text, len(before), start):
        return True
    word = _LAST_WORD.search(before)
    if word is None or word[0].lower() not in _MAIN_CLAUSE_AFTER:
        return False
    earlier = before[: word.start()].rstrip()
    if word[0].lower() == "что":
        return earlier.endswith(",") and _POINTED_AT.search(earlier.lower()) is None  # nor «то, на что»
    if word[0].lower() == "that":
        return True
    return earlier[-1:] in STOPS  # "and" between two words is no beginning


def _spliced(before: Sequence[Written], after: Sequence[Written], passages: Sequence[str]) -> bool:
    """Whether two copies meet that do not follow each other in their passage, or are of different clauses, as where a
    comma was left out together with what stood before it, «Tau-bench [checks,] whether the agent succeeds», or what a
    name stands with: «division by sqrt[(d_k)] keeps»."""
    first, second = before[-1].source, after[0].source
    if first is None or second is None or first.kind != EVIDENCE or (first.kind, first.passage) != (
        second.kind, second.passage
    ):
        return False
    skipped = passages[first.passage][first.piece.end : second.piece.start]
    cut = skipped.rstrip().endswith(",") and not skipped.lstrip().startswith(",")
    cut = cut or _ARGUMENT.match(skipped) is not None
    return second.piece.start < first.piece.end or cut or _BETWEEN_CLAUSES.search(skipped) is not None


def _foreign(text: str, pieces: Sequence[Written], offset: int) -> bool:
    """Whether a word of the decoder's own is in the other alphabet than the sentence: «top-p was предложили»; or a
    Russian one of the question in an English sentence: «На day.» English ones in Russian are names."""
    letters = text.lower()
    russian = sum(map(len, _CYRILLIC.findall(letters))) > sum(map(len, _LATIN.findall(letters)))
    other = _LATIN if russian else _CYRILLIC
    return any(
        (piece.source is None or (not russian and piece.source.kind == QUESTION))
        and other.fullmatch(letters[max(0, piece.start - offset) : piece.end - offset].strip())
        for piece in pieces
    )


def _left_out(text: str, start: int) -> str:
    """What stands before `text[start:]` in its own sentence."""
    begins = max((first for first, _ in split_sentences(text) if first <= start), default=0)
    return text[begins:start].strip()


def _pronoun_left_alone(sentence: str, text: str, start: int) -> bool:
    """Whether a sentence has a pronoun of the third person, and much was left out before where it begins."""
    return len(_left_out(text, start).split()) > 3 and not _PRONOUNS.isdisjoint(
        word.lower() for word in _WORD.findall(sentence)
    )


def keeps_names(text: str, pieces: Sequence[Written], passages: Sequence[str], asked: str) -> bool:
    """Whether no long copied run, with other words put before it, lost a name that its source begins with: «GQA was
    proposed by …» must not become «The article was proposed by …», unless the sentence or what was asked names GQA or
    spells it out."""
    for run in runs_of(pieces)[1:]:
        place = _run(run, passages, shortest=LONG_RUN)
        if place is None:
            continue
        head = _left_out(*place[:2])
        if len(head.split()) <= _LONGEST_SUBJECT and not all(
            _named(name, f"{text} {asked}".lower()) for name in _NAME.findall(head)
        ):
            return False
    return True


def _named(name: str, known: str) -> bool:
    """Whether `known`, in lower case, has a name or words that begin with its letters: «grouped-query attention»."""
    lower = name.lower().rstrip(".-")
    initials = "".join(word[0] for word in re.split(r"[\W_]+", known) if word)
    return re.search(rf"\b{re.escape(lower)}\b", known) is not None or (lower.isalpha() and lower in initials)


def known_words(text: str, pieces: Sequence[Written], known: str) -> bool:
    """Whether every word that was put together from several pieces, not copied in one go, is a form of a word of
    `known`: the vocabulary's pieces can spell words that there are not. pieces: of the sentence `text`."""
    stems: set[str] | None = None
    offset = pieces[-1].end - len(text)
    for match in _WORD.finditer(text):
        start, end = match.start() + offset, match.end() + offset
        inside = [n for n, piece in enumerate(pieces) if piece.end > start and piece.start < end]
        if len(inside) < 2 or all(goes_on(pieces, n) for n in inside[1:]):
            continue
        if stems is None:
            stems = set(analyze(known))
        if not set(analyze(match[0])) & stems:
            return False
    return True


def balanced(text: str) -> bool:
    """Whether every bracket and directed quotation mark is closed after it was opened; and no bracket, dash or comma
    comes first, nor a dash or comma last."""
    opened: list[str] = []
    if text.startswith(_NO_BEGINNING) or text.rstrip(".!?").endswith(_NO_END):
        return False
    if text.count('"') % 2 or text.count("`") % 2:
        return False
    for character in text:
        if character in OPENED_BY.values():
            opened.append(character)
        elif character in OPENED_BY and (not opened or opened.pop() != OPENED_BY[character]):
            return False
    return not opened


def _opens_a_sentence(source: Source | None, passages: Sequence[str]) -> bool:
    """Whether a piece is a function word with which a sentence of its passage begins: capital and all, it belongs
    nowhere else («…, while With such a model»)."""
    if source is None or source.kind != EVIDENCE or not source.surface[:1].isupper():
        return False
    word = _WORD.match(passages[source.passage], source.piece.start)
    return word is not None and word[0].lower() in FUNCTION_WORDS


def _says_back(run: Sequence[Written]) -> bool:
    """Whether a run is a long piece of the question, word order and all."""
    first = run[0].source
    words = 1 + sum(piece.source is not None and bool(piece.source.gap) for piece in run[1:])
    return first is not None and first.kind == QUESTION and words >= LONG_RUN


def _new_line(text: str, start: int, end: int) -> bool:
    """Whether a line ends in the gap `text[start:end]`, and what follows does not go on in lower case."""
    return "\n" in text[start:end] and not text[end : end + 1].islower()


def _run(pieces: Sequence[Written], passages: Sequence[str], shortest: int) -> tuple[str, int, int] | None:
    """(text, start, end) of a run of copied evidence of `shortest` words or more; None for anything else."""
    first, last = pieces[0].source, pieces[-1].source
    if first is None or last is None or first.kind != EVIDENCE:
        return None
    text, start, end = passages[first.passage], first.piece.start, last.piece.end
    return (text, start, end) if len(text[start:end].split()) >= shortest else None
