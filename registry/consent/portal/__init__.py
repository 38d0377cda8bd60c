"""What an owner does about their cameo beyond single leases. Begin at `owner_portal`."""
