"""Well-known people and characters, misspelt, in other letters or described. What is known of them is data."""
