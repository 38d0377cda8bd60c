"""How fast the leads' pages are over a large installation."""
