"""The watermark in pictures: embedding, synchronisation, demodulation. Begin at `files`."""
