"""Images of the course: rendered classes, photographs, all offline."""
