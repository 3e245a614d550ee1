"""``python -m fnopt``."""

from fnopt.cli.main import main

if __name__ == "__main__":
    main()
