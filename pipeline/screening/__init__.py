"""Measuring with the classifiers of this installation, and dry runs of the policy. Begin at `measurement`."""
