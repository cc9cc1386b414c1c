"""`lectern experiment`: a question set, a grid of arms, and what each part does to hallucination, with how sure one is.

Reading order: definition (the file), arms (who answers), measures and causes (one answer), statistics and calibration
(many), cache and runner (doing it), summary, expectations and report (saying it).
"""
