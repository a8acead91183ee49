"""The subcommands of `soliloquy`, one file each: `add_parser(subparsers)` and `run(args)`."""
