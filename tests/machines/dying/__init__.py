"""Settings and an app for worker processes that kill themselves right after a server has done what it was told."""
