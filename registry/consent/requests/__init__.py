"""Asking somebody for their consent to one order: `request_desk` is where it is asked and answered."""
