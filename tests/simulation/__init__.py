"""Days of protocol time in a second: the shipped rules and handlers under everything that can go wrong, from one seed.

    python -m tests.simulation --seeds 200
    python -m tests.simulation --seed 17 --trace

A `Plan` is drawn from a seed: the ways of the server, what people do, what breaks. A `System` carries it out on one
thread and a virtual clock, with mailsim's core for a mail server and twins for AWS. `invariants` hold it to the
promises at every step. A plan that breaks one is shrunk by leaving steps out. `mutants` are rules made wrong, each for
an invariant to catch.
"""
