"""Workers, moderators, claims, revocations and faults interleaved in memory, under the laws of evals.faults."""
