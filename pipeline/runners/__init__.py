"""Who calls advance(): one process with a queue, or Faust workers behind Kafka. Both tell the same stories."""
