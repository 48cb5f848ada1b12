"""`python -m commonwatch` is the `commonwatch` command. Processes that it starts import this module too, under another name."""

from commonwatch.cli.main import main

if __name__ == "__main__":
    main()
