"""python -m tests.engine_server --port 8000 --video clip.mp4"""

import argparse
import signal
from pathlib import Path

from tests.engine_server.fault_modes import FAULT_MODES
from tests.engine_server.server import EngineServer


def main() -> None:
    words = argparse.ArgumentParser(description="A Videos API that serves one clip.")
    words.add_argument("--port", type=int, default=8000)
    words.add_argument("--video", type=Path, default=Path(__file__).parents[2] / "deploy/demo/bunny.mp4")
    words.add_argument("--key", default="", help="the bearer key it asks for")
    words.epilog = "moods, named in a prompt: " + ", ".join(f"[{mood}]" for mood in FAULT_MODES)
    given = words.parse_args()
    with EngineServer(given.video.read_bytes(), port=given.port, key=given.key) as server:
        print(f"Videos API at {server.url}", flush=True)
        signal.sigwait({signal.SIGINT, signal.SIGTERM})


main()
