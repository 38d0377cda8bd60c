"""What was measured of a video on one timeline: as one HTML file, and as a part of the moderator's page.

Begin at `timeline_page`.
"""
