"""Commands of ours as one types them in a shell, for texts that propose one."""

from __future__ import annotations

from shlex import quote


def typed(command: str, *arguments: object, **options: object) -> str:
    """typed("train", model="esvae", widths=[8, 8]) → "snnvae train --model esvae --widths 8,8".

    What a shell would take apart is quoted. True is a bare flag, False its form with "no-"; an
    option that is None is left out.
    """
    words = ["snnvae", command, *(quote(str(argument)) for argument in arguments)]
    for name, value in options.items():
        flag = name.replace("_", "-")
        if isinstance(value, bool):
            words.append(f"--{flag}" if value else f"--{'no'}-{flag}")
        elif value is not None:
            text = ",".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
            words.append(f"--{flag} {quote(text)}")
    return " ".join(words)
