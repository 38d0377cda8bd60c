"""Requests and outcomes as messages on Kafka topics: documents with versions, who may ask, and what is told.

Begin with `request_intake`. The JSON Schemas are in deploy/schemas, the Faust agents in pipeline/runners.
"""
