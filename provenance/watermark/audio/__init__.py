"""The watermark in sound: keyed, periodic, masked by the sound, found again after codecs and changes of speed."""

from provenance.watermark.audio.detect import AudioMark, detect_audio
from provenance.watermark.audio.embed import AudioMarker, embed_audio
from provenance.watermark.audio.files import detect_sound, mark_sound

__all__ = ["AudioMark", "AudioMarker", "detect_audio", "detect_sound", "embed_audio", "mark_sound"]
