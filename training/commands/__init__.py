"""The commands of ``klantstem-train``, one module each.

A command module imports nothing heavy at its top level and offers ``add_parser(subparsers)``,
which sets ``run`` (arguments to exit status) as the parser's default.
"""
