"""cPanel servers, by WHM API 1."""
