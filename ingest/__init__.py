"""Files and URLs become documents, documents become chunks, and the library (SQLite) keeps both.

Imports nothing of ours. Read in this order:

    document, structure          the records: documents, pages, chunks, headings
    sentences, clean, language, raised, bibliography    what text is made of
    parsed, formats/             one parser per kind of file
    sandbox, sandbox_worker      parsers run in a process of their own, under limits
    page_places                  where words are on a page of a PDF
    splitters, chunking          where to cut
    library, library_rows        SQLite: what is kept, and how it changes
    sources, pipeline            all of it, for many files
    addresses, fetch, reading_list    the same for what is on the web
"""
