"""What a windowed table of Faust holds to, tried on a broker: the evidence of docs/adr/0058."""
