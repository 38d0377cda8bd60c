"""What an account may do with what is its own: keys and usage. Begin with `account_service`."""
