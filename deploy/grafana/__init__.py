"""Dashboards over the log of events. There is no metrics code in the pipeline: what happened is in the events."""
