"""A larger encoder of English, and how it counts beside the quick readers of prompts: ADR 67."""
