"""Runs Assay: roles, dashboards and their push, the demo's footage."""
