"""How a process holds its connections to Postgres: pools of a fixed size, and one connection for all its case locks."""
