"""What moderators work with: the queue of held cases, who reviews which, and the reasons a ruling may have."""
