"""A stand-in for the DSA Transparency Database: its documented API and schema, checked strictly, in memory."""
