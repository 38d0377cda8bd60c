"""How well faces and voices are distinguished, and what that costs. Begin at `face_verification`."""
