"""What the verifier says of treated, copied and hostile files. Begin at `__main__`."""
