"""Commands about the record that the law wants told."""
