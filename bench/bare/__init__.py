"""The directory that is the whole code of the bare function."""
