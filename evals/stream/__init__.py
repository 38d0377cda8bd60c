"""What carrying tickets costs: Kafka with Faust, procrastinate, and asking Postgres, over the same work."""
