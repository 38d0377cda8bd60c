"""Brokers for tests that need nothing but a wheel: Tansu, and librdkafka's mock beside it where requests are bridged."""
