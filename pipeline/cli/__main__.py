"""`python -m pipeline.cli` is `assay`."""

from pipeline.cli import main

main()
