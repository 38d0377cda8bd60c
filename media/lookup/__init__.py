"""What files are looked up by in banks of known footage. Begin at `bank_hashes`."""
