"""The index of the manifest repository, and receipts for what was done to it. Begin at `manifest_index`."""
