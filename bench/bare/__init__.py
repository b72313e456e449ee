"""The code of the bare function."""
