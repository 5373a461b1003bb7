"""placeholder"""

import click


@click.command()
def command() -> None:
    """placeholder"""
