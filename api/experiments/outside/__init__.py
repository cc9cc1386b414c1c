"""Models that Lectern did not train, in its experiments: as the writer of an arm, and as a judge of all answers.

Reading order: model (how an experiment names one), replies (what all of them can do, and what is kept of it), endpoint
and huggingface (the two kinds), prompts, reading (a reply becomes sentences that cite), answerer (an arm's writer),
judge, agreement (the judge's verdicts beside ours).
"""
