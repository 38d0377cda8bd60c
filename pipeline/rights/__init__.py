"""What rights holders do: example pictures of their works. Begin at `work_image_service`."""
