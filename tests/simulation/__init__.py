"""Days of protocol time in a second: the shipped rules and handlers under every fault at once, from one seed.

    python -m tests.simulation --seeds 200
    python -m tests.simulation --seed 17 --trace

A `Plan` is drawn from a seed: the configuration of both sides, what people do, what breaks. It is played on a
`System`: one thread and a virtual clock, with mailsim's core for a mail server and twins for AWS. `invariants` are
checked at every step. A plan that breaks one is shrunk by leaving steps out. `mutants` are broken rules, each for an
invariant to catch.
"""
