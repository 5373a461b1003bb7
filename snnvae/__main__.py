"""``snnvae`` and ``python -m snnvae``: signals are seen to before anything that takes time."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the process's own command line; exit codes are those of `snnvae.cli.main`."""
    try:
        from snnvae import interrupts

        interrupts.take_charge()
        from snnvae import cli

        try:
            cli.main()
        finally:
            interrupts.end_at_once()
    except KeyboardInterrupt:  # while it began
        print("snnvae: interrupted", file=sys.stderr)
        sys.exit(130)


if __name__ == "__main__":
    main()
