"""`python -m earmark.cli` is `earmark`."""

from earmark.cli import main

main()
