"""The schema's rules for requests (types.xsd and messages.xsd of Exchange 2016), for the supported operations only.

`content` checks an element against a rule, `simple_types` a text; `shapes` and `operations` have the rules.
"""
