"""Where moderators read what people report about the use of their likeness, and answer. Begin at `report_desk`."""
