"""The only I/O of the runtime: each module implements one port of `ewspush.ports`."""
