"""`python -m locum`: the same as the command `locum`."""

from locum.cli.main import main

if __name__ == "__main__":
    main(prog_name="locum")
