"""The trial mode: everything that Handrail needs, started on one machine that has only Python.

`python -m config.trial run` is `make run`; `smoke` and `exec` serve the tests. Nothing of it is
used in production.
"""
