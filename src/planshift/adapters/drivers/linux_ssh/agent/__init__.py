"""The agent that runs on a hosting server: packed into one file (`bundle`), standard library only, Python 3.9 or newer.

Nothing here imports the rest of Planshift, and nothing of Planshift runs this code in its own process.
"""
