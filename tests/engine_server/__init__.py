"""A reference server of the Videos API, for tests and for trying Assay out without a GPU.

It behaves well unless a prompt names one of its moods (`[html]`), and it counts the jobs it creates.
"""

from tests.engine_server.server import EngineServer, serving

__all__ = ["EngineServer", "serving"]
