"""How good rulings are: second reviews, golden items, agreement, the leads' overview and the log of decisions."""
