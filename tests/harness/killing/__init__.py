"""`kill -9` at every commit: a scenario is lived once undisturbed, then once for every commit, dying there.

`commits` counts and kills, `scenarios` says what a scenario is, `outcome` what must be the same at the end, `runner` is
the program that does it all in processes of its own, and `sweeps` is what a test calls.
"""
