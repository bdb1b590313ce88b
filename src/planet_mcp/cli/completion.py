"""The command that prints what a shell needs to complete commands and options."""

import click
from click.shell_completion import get_completion_class

from planet_mcp.cli.serve import commands

_VARIABLE = "_PLANET_MCP_COMPLETE"


@commands.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion_command(shell: str) -> None:
    r"""Print a script that completes commands and options in a shell.

    \b
    bash:  eval "$(planet-mcp completion bash)"      in ~/.bashrc
    zsh:   eval "$(planet-mcp completion zsh)"       in ~/.zshrc
    fish:  planet-mcp completion fish | source       in ~/.config/fish/config.fish
    """
    completion = get_completion_class(shell)
    assert completion is not None  # noqa: S101 - click knows these three
    click.echo(completion(commands, {}, "planet-mcp", _VARIABLE).source())
