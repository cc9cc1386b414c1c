"""The corpus check: everything that the format, the splits and good measure demand, and the sizes.

    python -m corpus.check [FOLDER] [--warnings] [--write-readme]

prints tables of what is there, the train-test contamination, and what is wrong; exit status 1 when there
are errors. The tables stand in the data card too (`README.md` of the folder, between two markers), where
`--write-readme` renews them. `check` does the same for a program. What each part looks at is said in
`check_documents`, `check_questions`, `check_reading`, `check_rows`, `check_claims`, `check_planted`,
`check_documentation`, `check_files` and `check_overlap`.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from corpus.check_claims import check_claims
from corpus.check_documentation import check_documentation
from corpus.check_documents import CorpusDocument, check_documents, check_reading_list, load_documents
from corpus.check_files import Counts, check_files
from corpus.check_overlap import (
    SEARCHED,
    Contamination,
    check_duplicates,
    check_passages,
    check_splits,
    contamination,
)
from corpus.check_planted import check_planted
from corpus.check_questions import check_question_files, check_question_set, opening, overlap
from corpus.check_reading import check_reading_files
from corpus.check_rows import check_rows
from corpus.documentation import DocumentationPassage
from corpus.findings import Finding
from corpus.format import KINDS, LANGUAGES, ROOT, SPLITS, Question, ReadingPassage
from corpus.marked import renew
from corpus.text import word_count

TABLES_BEGIN = "<!-- tables: begin -->"
TABLES_END = "<!-- tables: end -->"


@dataclass(frozen=True)
class Report:
    """What is in a corpus folder and what is wrong with it."""

    documents: tuple[CorpusDocument, ...]
    questions: tuple[Question, ...]
    passages: tuple[ReadingPassage, ...]
    documentation: tuple[DocumentationPassage, ...]
    files: Counts
    rows: Mapping[str, int]
    contamination: tuple[Contamination, ...]
    findings: tuple[Finding, ...]

    @property
    def errors(self) -> list[Finding]:
        return [finding for finding in self.findings if finding.level == "error"]

    @property
    def warnings(self) -> list[Finding]:
        return [finding for finding in self.findings if finding.level == "warning"]


def check(root: Path = ROOT) -> Report:
    """Reads and checks a corpus folder; broken lines are findings, the rest is checked all the same."""
    documents, findings = load_documents(root)
    findings += check_documents(documents)
    findings += check_reading_list(root, documents)
    questions, question_findings = check_question_files(root, documents)
    passages, reading_findings = check_reading_files(root)
    findings += question_findings + check_question_set(root, questions)
    findings += check_splits(questions) + check_duplicates(questions)
    findings += reading_findings + check_passages(passages)
    rows, row_findings = check_rows(root)
    claims, claim_findings = check_claims(root)
    planted, planted_findings = check_planted(root)
    rows |= {**claims, "planted instructions, train": planted}
    documentation, documentation_findings = check_documentation(root)
    files, file_findings = check_files(root)
    findings += row_findings + claim_findings + planted_findings + documentation_findings + file_findings
    shared = contamination(questions, passages, documentation)
    return Report(
        tuple(documents), tuple(questions), tuple(passages), tuple(documentation), files, rows,
        tuple(shared), tuple(sorted(findings)),
    )


def tables(report: Report) -> Iterator[str]:
    """The report as Markdown tables, the ones in `corpus/README.md`."""
    yield from _documents_table(report.documents)
    yield from _questions_table(report.questions)
    yield from _measures_table(report.questions)
    yield from _reading_table(report.passages)
    yield from _documentation_table(report.documentation)
    yield from _files_table(report.files)
    yield from _rows_table(report.rows)
    yield from _contamination_table(report.contamination)


def write_readme(path: Path, lines: Sequence[str]) -> bool:
    """Puts the tables between the markers of a data card; False where there are none."""
    return renew(path, TABLES_BEGIN, TABLES_END, lines)


def _documents_table(documents: Sequence[CorpusDocument]) -> Iterator[str]:
    yield "| documents | en | ru | words en | words ru |"
    yield "|---|---:|---:|---:|---:|"
    for folder in ("notes", "materials"):
        own = [[d for d in documents if d.folder == folder and d.language == code] for code in LANGUAGES]
        counts = [len(group) for group in own]
        sizes = [sum(word_count(d.text) for d in group) for group in own]
        yield f"| {folder} | {counts[0]} | {counts[1]} | {sizes[0]:,} | {sizes[1]:,} |"
    yield ""


def _questions_table(questions: Sequence[Question]) -> Iterator[str]:
    cells = Counter((q.kind, q.language, q.split) for q in questions)
    columns = [(code, split) for code in LANGUAGES for split in SPLITS]
    yield "| questions | " + " | ".join(f"{code} {split}" for code, split in columns) + " | all |"
    yield "|---|" + "---:|" * (len(columns) + 1)
    for kind in KINDS:
        row = [cells[kind, code, split] for code, split in columns]
        yield f"| {kind} | " + " | ".join(map(str, row)) + f" | {sum(row)} |"
    row = [sum(cells[kind, code, split] for kind in KINDS) for code, split in columns]
    yield "| all | " + " | ".join(map(str, row)) + f" | {sum(row)} |"
    units = {split: len({q.unit for q in questions if q.split == split}) for split in SPLITS}
    row = [units[split] for _, split in columns]
    yield "| units | " + " | ".join(map(str, row)) + f" | {sum(units.values())} |"
    yield ""


def _measures_table(questions: Sequence[Question]) -> Iterator[str]:
    yield "| questions | median overlap with evidence | two quotes or more | commonest opening | its share |"
    yield "|---|---:|---:|---|---:|"
    for code in LANGUAGES:
        own = [q for q in questions if q.language == code]
        answerable = [q for q in own if q.answerable]
        if not answerable:
            continue
        text, count = Counter(opening(q.question) for q in own).most_common(1)[0]
        two = sum(len(q.evidence) > 1 for q in answerable) / len(answerable)
        middle = median(overlap(q) for q in answerable)
        yield f"| {code} | {middle:.2f} | {two:.0%} | {text} | {count / len(own):.1%} |"
    yield ""


def _reading_table(passages: Sequence[ReadingPassage]) -> Iterator[str]:
    yield "| reading | passages | words | questions | without an answer |"
    yield "|---|---:|---:|---:|---:|"
    for code in LANGUAGES:
        for split in ("train", "dev"):
            own = [p for p in passages if p.language == code and p.split == split]
            asked = [q for p in own for q in p.questions]
            empty = sum(q.answer is None for q in asked)
            size = sum(word_count(p.text) for p in own)
            yield f"| {code} {split} | {len(own)} | {size:,} | {len(asked)} | {empty} |"
    yield ""


def _documentation_table(passages: Sequence[DocumentationPassage]) -> Iterator[str]:
    yield "| documentation | passages | questions | without an answer | asked in both | how, compare, which |"
    yield "|---|---:|---:|---:|---:|---:|"
    for code in LANGUAGES:
        for split in ("train", "dev"):
            own = [p for p in passages if p.language == code and p.split == split]
            asked = [q for p in own for q in p.questions]
            empty = sum(q.full is None for q in asked)
            other = sum(q.other is not None for q in asked)
            open_ = sum(q.kind in ("how", "compare", "which") for q in asked)
            yield f"| {code} {split} | {len(own)} | {len(asked)} | {empty} | {other} | {open_} |"
    yield ""


def _files_table(counts: Counts) -> Iterator[str]:
    yield "| files | files | questions | without an answer |"
    yield "|---|---:|---:|---:|"
    for (code, split), row in sorted(counts.items()):
        yield f"| {code} {split} | " + " | ".join(map(str, row)) + " |"
    yield ""


def _rows_table(rows: Mapping[str, int]) -> Iterator[str]:
    yield "| written for rows of shared sets, or labelled | entries |"
    yield "|---|---:|"
    for name, count in rows.items():
        yield f"| {name} | {count:,} |"
    yield ""


def _contamination_table(rows: Sequence[Contamination]) -> Iterator[str]:
    yield "| against train | questions | share an 8-gram | 4-grams found | nearest | cite the same quote |"
    yield "|---|---:|---:|---:|---:|---:|"
    for row in rows:
        nearest = f"{row.nearest:.2f}" if row.nearest else f"< {SEARCHED:.2f}"
        head = f"| {row.language} {row.split} | {row.count} | {row.long_share:.1%} | {row.short_mean:.1%} "
        yield head + f"| {nearest} | {row.shared_quotes:.1%} |"
    yield ""


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m corpus.check", description="Check a corpus folder.")
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT, help="default: the corpus that ships")
    parser.add_argument("--warnings", action="store_true", help="print every warning, not only how many")
    parser.add_argument("--write-readme", action="store_true", help="renew the tables of FOLDER/README.md")
    options = parser.parse_args(arguments)
    if not options.folder.is_dir():
        print(f"{options.folder}: no such folder", file=sys.stderr)
        return 2
    report = check(options.folder)
    lines = list(tables(report))
    print("\n".join(lines))
    if options.write_readme and not write_readme(options.folder / "README.md", lines):
        print(f"{options.folder}/README.md: no markers {TABLES_BEGIN} and {TABLES_END}", file=sys.stderr)
        return 1
    for finding in report.warnings if options.warnings else []:
        print(f"warning: {finding}")
    for finding in report.errors:
        print(f"error: {finding}")
    print(f"{len(report.errors)} errors, {len(report.warnings)} warnings")
    return 1 if report.errors else 0


if __name__ == "__main__":
    sys.exit(main())
