"""How well faces and voices are told apart, and what that costs. Begin at `face_verification`."""
