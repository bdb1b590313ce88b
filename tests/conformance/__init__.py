"""Checks of the protocol with other people's programs: suites, clients and a host.

None of them is a test that `make test` runs: they bring programs from npm and PyPI into
`.conformance/`. See the Makefile for their names.
"""
