"""EWS Push: acknowledges EWS push notifications and hands their events on.

Arrows point inward: handlers -> domain -> protocol. The adapters implement `ewspush.ports` and hold all I/O.
"""
