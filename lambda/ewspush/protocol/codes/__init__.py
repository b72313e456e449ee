"""The table of response codes, split by what they are about; `ewspush.protocol.response_codes` puts it together."""
