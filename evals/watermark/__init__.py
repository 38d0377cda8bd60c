"""What the watermark survives, in pictures and in sound. Begin at `video_robustness`."""
