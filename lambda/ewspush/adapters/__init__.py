"""The only I/O of the runtime: implementations of the ports (`ewspush.domain.ports`), and the forms that they store."""
