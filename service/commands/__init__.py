"""The commands of ``klantstem``, one module each.

A command module imports nothing heavy at its top level and offers ``add_parser(subparsers)``,
which sets ``run`` (arguments and context to exit status) as the parser's default.
"""
