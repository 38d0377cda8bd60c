"""How sound is weighed: loudness as EBU R 128 has it."""
