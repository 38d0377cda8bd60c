"""Commands of an owner's portal, beside those in `pipeline.cli.cameo`. Begin at `owner_commands`."""
