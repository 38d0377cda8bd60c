"""What Assay costs: `python -m evals.bench`."""
