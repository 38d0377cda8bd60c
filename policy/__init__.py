"""Decides: rules are data with their own examples; a pure function leads from signals and facts to a verdict.

`pack.load` reads and proves a folder of rules, `decide.decide` applies it, `check.check` says what is wrong with it.
"""
