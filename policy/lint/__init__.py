"""Reports to authors of rules what is wrong with a pack, and how two packs differ. Begin at `pack_check`."""
