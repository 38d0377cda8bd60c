"""What whoever asked for a video is told about it, in their language.

`sentences` holds every sentence that is not a rule's, `catalogs` reads the translations: one TOML file per language in
this folder, named by its code of ISO 639-1. `docs/how-to/translate.md` says how to add or correct one.
"""
