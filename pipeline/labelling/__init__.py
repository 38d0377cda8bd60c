"""The label that people see: what it says, where and for how long, by setting and by region."""
