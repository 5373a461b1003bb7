"""The command line: a table of commands, imported when called. Only this file prints or exits."""

from __future__ import annotations

import importlib
import sys
import time
import traceback
import warnings
from typing import TYPE_CHECKING, Any

import click

from snnvae import interrupts, streams, table
from snnvae.commands.common import complete
from snnvae.commands.remedies import with_flags
from snnvae.errors import SnnvaeError
from snnvae.extras import explained
from snnvae.interrupts import INTERRUPTED
from snnvae.plain_text import one_line, visible
from snnvae.strict_json import json_text

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.progress import TaskID

COMMANDS: dict[str, tuple[str, str]] = {
    "demo": ("snnvae.commands.demo", "The whole chain on handwritten digits, in minutes"),
    "train": ("snnvae.commands.train", "Train a spiking model: a VAE, or a sampler of spins"),
    "train-front": (
        "snnvae.commands.train_front",
        "Train the front of quality against energy",
    ),
    "train-fad": ("snnvae.commands.train_fad", "Train the autoencoder whose features FAD compares"),
    "train-prior": ("snnvae.commands.train_prior", "Fit a prior to a trained ESVAE's encoder"),
    "export": ("snnvae.commands.export", "Write a trained model or a Norse module as NIR"),
    "import": ("snnvae.commands.import_net", "Write lava-dl's network (.net) as NIR"),
    "inspect": ("snnvae.commands.inspect", "Show a NIR file's layers, shapes, timing, memory"),
    "simulate": ("snnvae.commands.simulate", "Run a NIR file in the emulator"),
    "run-lava": ("snnvae.commands.run_lava", "Run a NIR file on Lava"),
    "run-c": ("snnvae.commands.run_c", "Run a NIR file as C, as a microcontroller would"),
    "run-rust": ("snnvae.commands.run_rust", "Run a NIR file as Rust, likewise"),
    "check": ("snnvae.commands.check", "Compare all backends, spike for spike"),
    "lint": ("snnvae.commands.lint", "Tell what a NIR file leaves open, has lost, or will meet"),
    "conform": ("snnvae.commands.conform", "Hold readers of NIR to cases with exact outcomes"),
    "energy": ("snnvae.commands.energy", "Estimate what a recorded run costs"),
    "evaluate": ("snnvae.commands.evaluate", "How good a model is, trained and deployed"),
    "complete": ("snnvae.commands.complete", "Fill what a table lacks, by a deployed sampler"),
    "diagnose": (
        "snnvae.commands.diagnose",
        "What a model's error is due to, and what to do about it",
    ),
    "zoo": ("snnvae.commands.zoo", "Print the path of a trained model that ships with snnvae"),
    "doctor": ("snnvae.commands.doctor", "Show what is installed and what to do about the rest"),
    "completion": ("snnvae.commands.completion", "Print what a shell needs to complete commands"),
}
MISTAKE, BUG = 2, 70
"""Exit codes; a bug of ours is EX_SOFTWARE of sysexits.h."""
MOST_CELLS = 4000
"""Of a line of output: tables of many columns are as wide."""
PLAIN_INTERVAL = 5.0
"""Seconds between lines where there is no terminal."""


class LazyGroup(click.Group):
    """Knows the names and one-line helps of its commands without importing them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Lists the commands in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Imports the command's module, whose `command` it is."""
        if name not in COMMANDS:
            return None
        return complete(importlib.import_module(COMMANDS[name][0]).command)

    def invoke(self, ctx: click.Context) -> Any:
        """Ctrl-C at a terminal gets click's new line after the ^C; elsewhere none is due."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            if sys.stderr.isatty():
                raise
            raise click.Abort from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Writes the list of commands from the table alone."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


def _version(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    if value:
        from snnvae.environment import summary

        click.echo(summary())
        ctx.exit()


@click.group(
    cls=LazyGroup,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Example: snnvae run-lava $(snnvae zoo digits-esvae) --samples 64 -o out/\n\n"
    "Exit codes: 0 done, 1 a check fails, 2 a mistake that one line names, 70 a bug of snnvae, "
    "130 Ctrl-C, 141 nobody reads the output any more.",
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_version,
    help="Show the version, and of what it depends on.",
)
@click.pass_context
def group(ctx: click.Context) -> None:
    """From a trained spiking network to neuromorphic hardware, spike for spike."""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


class Bar:
    """Progress on stderr: bars on a terminal, plain lines every few seconds elsewhere; nothing
    where it is `quiet`."""

    def __init__(self) -> None:
        self.quiet = False
        self._bars: Bars | None = None
        self._task: TaskID | None = None
        self._name, self._total, self._done = "", 0, 0
        self._began = self._said = 0.0

    def start(self, name: str, total: int) -> None:
        """A new bar."""
        self.finish()
        name = one_line(name)
        self._name, self._total, self._done = name, total, 0
        self._began = self._said = time.monotonic()
        if self.quiet or not sys.stderr.isatty():
            return
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
        )

        self._bars = Progress(
            TextColumn("{task.description:<22}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(elapsed_when_finished=True),
            TextColumn("{task.fields[figures]}", markup=False),
            console=Console(stderr=True),
        )
        self._bars.start()
        self._task = self._bars.add_task(name, total=total, figures="")

    def advance(self, n: int = 1, **fields: float | str) -> None:
        """Move on and show the figures."""
        self._done += n
        figures = one_line(
            " ".join(
                f"{key} {value:.4g}" if isinstance(value, float) else f"{key} {value}"
                for key, value in fields.items()
            )
        )
        if self._bars is not None and self._task is not None:
            self._bars.update(self._task, advance=n, figures=figures)
            return
        if self.quiet:
            return
        now = time.monotonic()
        ended = self._done >= self._total and now - self._began > 1
        if ended or now - self._said > PLAIN_INTERVAL:
            self._said = now
            line = (
                f"{self._name}: {self._done}/{self._total} in {now - self._began:.0f} s {figures}"
            )
            _say(line.rstrip())

    def finish(self) -> None:
        """Close the bar."""
        if self._bars is not None:
            self._bars.stop()
        self._bars = self._task = None

    def note(self, text: str) -> None:
        """Say a line."""
        self.finish()
        if not self.quiet:
            _say(one_line(text))


def main(arguments: list[str] | None = None) -> None:
    """Run a command; exit 0: done, 1: a check fails, 2: the user's mistake, 70: a bug of ours,
    130: Ctrl-C, 141: nobody reads its output any more.

    Without `arguments` it runs the process's own command line, and takes charge of its signals and
    of its standard streams.
    """
    if arguments is None:
        streams.guard()
        if not sys.warnoptions:  # NumPy's lines of our code; what matters is an error of ours
            warnings.simplefilter("ignore", RuntimeWarning)
        interrupts.take_charge()
    bar = Bar()
    table.fit_to(streams.width_of(sys.stdout) if arguments is None else None)
    try:
        result: Any = group.main(arguments, prog_name="snnvae", standalone_mode=False, obj=bar)
        bar.finish()
        exit_code = _show(result)
        if interrupts.came():  # and was lost in a library, which may have left out something
            raise KeyboardInterrupt
        sys.exit(exit_code)
    except SnnvaeError as error:
        code, said = MISTAKE, with_flags(str(error))
    except click.ClickException as error:
        code, said = MISTAKE, error.format_message()
    except (KeyboardInterrupt, click.Abort):
        code, said = INTERRUPTED, "interrupted"
    except (PermissionError, IsADirectoryError, NotADirectoryError) as error:
        code, said = MISTAKE, f"{error.filename}: {error.strerror}; give a file that can be used"
    except MemoryError as error:
        cause = str(error) or "the system gives no more"
        code, said = MISTAKE, f"not enough memory: {cause}; run less at once"
    except Exception as error:
        told = explained(error) if isinstance(error, ModuleNotFoundError) else None
        if told is None and not interrupts.came():
            code, said = BUG, _reported(error)
        else:
            code, said = MISTAKE, str(told)
    if interrupts.came():  # whatever a library made of it
        code, said = INTERRUPTED, "interrupted"
    bar.finish()
    _say(f"snnvae: {one_line(said)}")
    sys.exit(code)


def _show(result: Any) -> int:
    """Prints what a command hands back, in which names may hold anything; gives the exit code."""
    if result is None or isinstance(result, int):
        return result or 0
    if result.as_json:
        print(json_text(result.data, indent=2), flush=True)
    else:
        lines = (visible(line, MOST_CELLS) for line in result.text.split("\n"))
        print("\n".join(lines), flush=True)
    return int(result.exit_code)


def _reported(error: Exception) -> str:
    """Prints where a bug of ours struck, and asks for a report."""
    for line in "".join(traceback.format_exception(error)).splitlines():
        _say(visible(line))
    return "this is a bug of snnvae, not your mistake; please report it with the lines above"


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
