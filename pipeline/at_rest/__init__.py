"""How what Assay keeps lies on the disk: closed to other users, and encrypted under a key for each case.

`private_files` are modes. Of encryption `key_store` is the beginning.
"""
