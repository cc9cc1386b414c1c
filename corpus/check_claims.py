"""Checks of the written claims and of the labelled triples: shape, language, nothing twice, both kinds in measure."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from corpus.claims import SETS, load_claims
from corpus.findings import Finding, error, from_exception, warning
from corpus.records import CorpusError
from corpus.text import cyrillic_share, word_count
from corpus.triples import load_labels

CLAIM_WORDS = (4, 40)
# A Russian claim may be full of Latin names; an English one holds hardly a Russian word.
MIN_CYRILLIC, MAX_CYRILLIC = 0.2, 0.1
TRUE_SHARE = (0.4, 0.6)


def check_claims(root: Path) -> tuple[dict[str, int], list[Finding]]:
    """(sizes by name, findings)."""
    sizes: dict[str, int] = {}
    findings: list[Finding] = []
    try:
        claims = load_claims(root)
    except CorpusError as exception:
        return sizes, [from_exception(exception)]
    seen = Counter((claim.row, claim.text) for claim in claims)
    for claim in claims:
        share = cyrillic_share(claim.text)
        if claim.set not in SETS:
            findings.append(error(claim.place, f"unknown set {claim.set!r} (known: {', '.join(SETS)})"))
        if share > MAX_CYRILLIC if claim.language == "en" else share < MIN_CYRILLIC:
            findings.append(warning(claim.place, f"{share:.0%} of the letters are Cyrillic"))
        if not CLAIM_WORDS[0] <= word_count(claim.text) <= CLAIM_WORDS[1]:
            findings.append(error(claim.place, f"{word_count(claim.text)} words, 4 to 40 allowed"))
        if seen[claim.row, claim.text] > 1:
            findings.append(error(claim.place, "the same claim twice on one text"))
    for language in ("en", "ru"):
        own = [claim for claim in claims if claim.language == language]
        true = sum(claim.fault is None for claim in own)
        sizes |= {f"claims {language}, true": true, f"claims {language}, false": len(own) - true}
        if own and not TRUE_SHARE[0] <= true / len(own) <= TRUE_SHARE[1]:
            findings.append(warning(own[0].place, f"{true / len(own):.0%} of the claims are true; half is the measure"))
    triples, more = _check_triples(root)
    return sizes | triples, findings + more


def _check_triples(root: Path) -> tuple[dict[str, int], list[Finding]]:
    try:
        labelled = load_labels(root)
    except CorpusError as exception:
        return {}, [from_exception(exception)]
    seen = Counter(one.triple.id for one in labelled)
    twice = [error(one.place, f"id {one.triple.id!r} comes twice") for one in labelled if seen[one.triple.id] > 1]
    counted = Counter(one.triple.language for one in labelled)
    return {f"labelled triples {language}": count for language, count in sorted(counted.items())}, twice
