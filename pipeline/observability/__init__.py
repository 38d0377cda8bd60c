"""What an operator sees of a running process: metrics, logs and traces. None of them holds a person or their words."""
