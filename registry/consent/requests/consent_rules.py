"""The rules that hold an order until somebody consents to it."""

NAMED_RULES = ("prompt_cameo_unleased", "video_cameo_unleased")
"""Rules that wait for somebody whom the order, or what it is made from, names."""
SHOWN_RULES = (
    "reference_face_without_cameo",
    "reference_protected_person",
    "reference_protected_voice",
    "reference_voice_without_cameo",
    "video_protected_person",
    "video_protected_voice",
)
"""Rules that hold what shows somebody whom the order does not name: whom it shows is never told, and may be named."""
