"""`python -m harness`: the command `harness`, where scripts of the environment are not on the path."""

from harness.cli import main

if __name__ == "__main__":
    main()
