"""The watermark in sound: keyed, periodic, masked by the sound, found again after codecs and changes of speed."""

from provenance.watermark.audio.detect import AudioDetection, detect_audio
from provenance.watermark.audio.embed import AudioWatermarker, embed_audio
from provenance.watermark.audio.files import audio_editor, detect_audio_file

__all__ = ["AudioDetection", "AudioWatermarker", "audio_editor", "detect_audio", "detect_audio_file", "embed_audio"]
