"""One table of states and events per aggregate."""
