"""Who is outside? One folder per outside party."""
