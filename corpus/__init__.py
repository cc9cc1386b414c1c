"""Lectern's corpus: the reading list, study notes and material entries in English and Russian, questions
with their evidence, and reading sets for training. All of it is text that was written for this project.

`corpus.format` loads the files, `python -m corpus.check` verifies them, `corpus/README.md` is the data card.
The package imports nothing of ours and needs the standard library only.
"""
