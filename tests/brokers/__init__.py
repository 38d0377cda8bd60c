"""Brokers for tests that need nothing but a wheel: noida-db as the functional one, librdkafka's mock for crashes."""
