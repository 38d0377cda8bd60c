"""What all pages and APIs share: sign-in, sessions, errors, uploads, rate limits, rendering."""
