"""What was measured of a video on one timeline: the view of `assay inspect` and of the moderator's page.

Begin at `inspection_view`.
"""
