"""EWS push on the wire, sans I/O: bytes in, frozen dataclasses out, bytes again for the answer.

Nothing here knows AWS, a clock, or the environment.
"""
