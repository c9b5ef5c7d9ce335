"""The tests: plain functions, exact literals with the arithmetic beside them, real parts wherever one can be had."""
