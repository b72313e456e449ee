"""What the Makefile runs beside the programs of the project."""
