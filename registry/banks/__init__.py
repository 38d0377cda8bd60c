"""Protected people, known pictures, and the payloads of sealed videos. Begin at `protected_gallery`."""
