"""`assay pipe`: many requests as lines of JSON in, an outcome for each out, over the gateway's API.

Begin with `batch_run`. The same requests go to a running server or, without one, to the app in this process.
"""
