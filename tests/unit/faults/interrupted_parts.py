"""Parts of an installation that count their steps, so that anything may happen between any two: a crash, or other people."""

from collections.abc import Callable


class Crash(BaseException):
    """The process is gone. No `except Exception` of ours may take it for a stage that broke."""


class Fuse:
    """Does something at the n-th step from now, once. A step is a call that reaches outside the process."""

    def __init__(self) -> None:
        self.left, self.act = -1, lambda: None

    def light(self, steps: int, act: Callable[[], None]) -> None:
        self.left, self.act = steps, act

    def out(self) -> None:
        self.left = -1

    def step(self) -> None:
        self.left -= 1
        if self.left == -1:
            self.act()


class Stepping:
    """Something whose named methods are a step before they begin and one after they end."""

    def __init__(self, inner, fuse: Fuse, *methods: str) -> None:
        self._inner, self._fuse, self._methods = inner, fuse, methods

    def __getattr__(self, name):
        found = getattr(self._inner, name)
        if name not in self._methods:
            return found

        def stepping(*args, **more):
            self._fuse.step()
            result = found(*args, **more)
            self._fuse.step()
            return result

        return stepping
