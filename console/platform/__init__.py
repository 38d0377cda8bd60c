"""Pages and APIs for platforms and operators: the policy in force, comparing people."""
