"""Tells platforms what became of their videos: Standard Webhooks, with OpenAI's event names.

Begin with `webhook_service`.

A trigger (pipeline/ledgers/sql/022_webhooks.sql) queues a delivery in the transaction that moved the case; the sender
takes what is due. So nothing is lost by a crash, and what is sent twice has the same `webhook-id`.
"""
