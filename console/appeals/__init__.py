"""The room in which moderators answer appeals of videos that were taken down."""
