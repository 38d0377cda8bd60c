"""Which policy decides about which case, and the steps by which another takes its place. Begin at `rollout`."""
