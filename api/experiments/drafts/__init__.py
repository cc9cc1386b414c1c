"""Questions drafted by rule from a user's own documents, for the user to accept, edit or drop.

Reading order: sentences (what is fit to be asked about), templates (three kinds of question), drafting (a document's
drafts), question_file (where accepted ones go).
"""
