"""EWS push on the wire, sans I/O: bytes in, immutable records out, bytes again for the answer.

Nothing here knows AWS, a clock, or the environment.
"""
