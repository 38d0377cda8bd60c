"""Pages of the record that the law wants told: figures for the public, and what leads and operators take from it."""
