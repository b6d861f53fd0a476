"""The probability distributions that intervals and tests are read from, each in a file of its own, without SciPy."""
