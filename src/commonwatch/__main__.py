"""`python -m commonwatch` is the `commonwatch` command."""

from commonwatch.cli.main import main

main()
