"""`python -m deploy.buckets`: makes the buckets that the settings name, where they are missing. For the first start."""

from __future__ import annotations

import sys

from fsspec.core import url_to_fs

from core.errors import AssayError
from pipeline.blobstores.storage_errors import translate_storage_errors
from pipeline.settings import Settings, load_settings


def make_buckets(settings: Settings) -> list[str]:
    """The names of the buckets made. Those that are there are left alone; folders are none of our business.

    Raises Unavailable where the store cannot be reached or refuses.
    """
    options = {"endpoint_url": settings.s3_endpoint} if settings.s3_endpoint else {}
    made: list[str] = []
    for url in (settings.blob_store_url, settings.public_store_url):
        if not url.startswith("s3://"):
            continue
        with translate_storage_errors("the bucket cannot be made"):
            files, path = url_to_fs(url, skip_instance_cache=True, **options)
            bucket = path.split("/", maxsplit=1)[0]
            if bucket not in made and not files.exists(bucket):
                files.mkdir(bucket)
                made.append(bucket)
    return made


def main() -> int:
    """Make them, and say which. Exit code 1, with the reason, where that fails."""
    try:
        made = make_buckets(load_settings())
    except AssayError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write("".join(f"made the bucket {name}\n" for name in made) or "nothing to make\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
