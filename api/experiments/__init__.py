"""`lectern experiment`: a question set, a grid of arms, and what each part does to hallucination, with how sure one is.

Reading order: definition and knobs (the file), arms, techniques/ and variants/ (who answers, and of what), measures,
finding and causes (one answer), statistics, refusal, calibration and matched (many), seen and contamination (what
training knew), cache and runner (doing it), summary, expectations and report (saying it), record, rerun and tables
(keeping it and holding others to it). For the server: chosen (what may be asked for), runs (what has been),
comparison (two of them).
"""
