"""From a source notebook to a released one, and from a submission to a mark."""
