"""The stack on one machine: the synthesized template, deployed onto an AWS emulator, beside a simulated mail server."""
