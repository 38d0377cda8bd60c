"""What this installation can and cannot do: `assay doctor`. Begin at `installation_checks`."""
