"""The record of what was decided, for those to whom the law wants it told.

Statements of reasons for the DSA Transparency Database, the transparency report in the Commission's template, figures
for the public, the log of intimate images taken down, and what an out-of-court body needs to look at an appeal. All of
it is counted from the same rows, which the database writes with the events.
"""
