"""`python -m workbench.cli.main`: the same as the command `evolve`."""

from workbench.cli.main import main

if __name__ == "__main__":
    main()
