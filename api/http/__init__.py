"""The HTTP API and the web page: FastAPI, one file per noun; every handler translates, asks the pipeline,
prints.

Read in this order: app (what is mounted), guard and body (what may come in), admission (how much at once),
problem (how errors look), events (streaming), then the nouns: ask, documents, jobs, experiments, chat, health, page.
"""
