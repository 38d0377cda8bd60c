"""Takes made by hand: a face of five points that turns as a head does, drawn on noise; and sounds."""

import numpy as np

from classifiers.liveness.capture import SAMPLE_RATE, CapturedFace, LivenessCapture, LivenessChallenge
from media.video import Frame

HEAD_MODEL = np.array(
    [[-1, -0.7, 0], [1, -0.7, 0], [0, 0.1, 0.9], [-0.7, 0.9, 0.1], [0.7, 0.9, 0.1]]
)  # x right, y down, z near
HEAD_SCALE = 40.0


def head_landmarks(yaw=0.0, pitch=0.0, flat=False, centre=(160, 120)):
    """(5, 2) of a head turned by so many degrees: yaw to the picture's right, pitch up. Flat: a picture that is tilted."""
    head = HEAD_MODEL * ([1, 1, 0] if flat else [1, 1, 1])
    y, p = np.radians(yaw), np.radians(pitch)
    about_y = np.array([[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(p), -np.sin(p)], [0, np.sin(p), np.cos(p)]])
    turned = head @ about_y.T @ about_x.T
    return (turned[:, :2] * HEAD_SCALE + centre).astype(np.float32)


def captured_face(yaw=0.0, pitch=0.0, flat=False):
    five = head_landmarks(yaw, pitch, flat)
    low, high = five.min(0) - 30, five.max(0) + 30
    return CapturedFace(np.array([*low, *high], np.float32), five)


def head_motion(*turns, still=8, length=10):
    """Angles over time: (yaw, pitch) of a head that makes these turns one after the other, at ten pictures a second."""
    to = {"left": (40, 0), "right": (-40, 0), "up": (0, 25), "down": (0, -25), "half left": (14, 0)}
    angles = [(0.0, 0.0)] * still
    for turn in turns:
        swing = np.sin(np.linspace(0, np.pi, length))
        angles += [(to[turn][0] * s, to[turn][1] * s) for s in swing] + [(0.0, 0.0)] * still
    return angles


def make_capture(
    angles=(), *, challenge=("left", "right"), digits="471930", sound=None, flat=False, more=0, frames=None
):
    """A take; `more` further faces stand beside in every picture."""
    seen = [captured_face(yaw, pitch, flat) for yaw, pitch in angles]
    beside = CapturedFace(np.array([10, 10, 120, 130], np.float32), head_landmarks(centre=(60, 70)))
    pictures = frames or [np.zeros((240, 320, 3), np.uint8)] * len(seen)
    return LivenessCapture(
        frames=tuple(Frame(i / 10, rgb) for i, rgb in enumerate(pictures)),
        faces=tuple((one, *[beside] * more) for one in seen),
        sound=np.zeros(0, np.float32) if sound is None else sound,
        challenge=LivenessChallenge(digits=digits, turns=tuple(challenge)),
    )


def speech_like(*spans, seconds=8.0):
    """Noise in these spans of seconds, near silence elsewhere."""
    rng = np.random.default_rng(4)
    sound = rng.normal(0, 0.001, int(seconds * SAMPLE_RATE))
    for start, end in spans:
        sound[int(start * SAMPLE_RATE) : int(end * SAMPLE_RATE)] += rng.normal(
            0, 0.2, int(end * SAMPLE_RATE) - int(start * SAMPLE_RATE)
        )
    return sound.astype(np.float32)
