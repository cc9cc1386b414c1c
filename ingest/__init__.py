"""Files and URLs become documents, documents become chunks, and the library (SQLite) keeps both.

Imports nothing of ours. Read in this order: document, parse, chunking, library, pipeline.
"""
