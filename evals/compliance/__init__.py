"""The evidence pack for transparency laws, made from stored results. Begin at `report`."""
