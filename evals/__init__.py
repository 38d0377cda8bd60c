"""Weigh: data sets, benchmarks and what came of them. Nothing imports evals."""
