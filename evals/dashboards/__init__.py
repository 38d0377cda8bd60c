"""The panels of the dashboards as pictures: their own queries, asked of a seeded installation and drawn here."""
