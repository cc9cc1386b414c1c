"""Entailment for experiments: does a text say what a sentence claims? A verifier of its own, never used to answer.

The verifier that filters answers is the reader's evidence (generator/); one that scores them must not share its data or
its start, or an arm is praised for agreeing with itself. So this one is trained on other data from other vectors, and
how far it agrees with people is measured before its figures are believed (`lectern experiment agreement`).
"""
