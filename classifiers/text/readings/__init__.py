"""What words mean where they stand: innocent phrases, namesakes, who is meant, and what is to be shown."""
