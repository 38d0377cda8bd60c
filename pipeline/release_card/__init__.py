"""The release card: what this release stops and lets pass, by category. Begin at `card_record`.

Figures are made by evals.card, which is in a checkout alone; `card.json` comes with the package, so that whoever
installed it sees them.
"""
