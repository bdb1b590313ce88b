"""MCP hosts' configuration files: where they are, what an entry looks like, how to change them.

In: a host, a scope and an entry. Out: a changed file, of which nothing else was touched.
Only this room knows what Claude Code, VS Code, Codex, Gemini CLI and other hosts read.
"""

from planet_mcp.hosts.commands import COMMAND_HOSTS, CommandHost
from planet_mcp.hosts.entries import (
    added,
    http_entry,
    installed_from,
    is_this_machine,
    local_entry,
    server_url,
    start_command,
)
from planet_mcp.hosts.installation import Installation, servers_in, this_machine
from planet_mcp.hosts.known import HOSTS, TOKEN, Entry, Host, Machine, Scope

__all__ = [
    "COMMAND_HOSTS",
    "HOSTS",
    "TOKEN",
    "CommandHost",
    "Entry",
    "Host",
    "Installation",
    "Machine",
    "Scope",
    "added",
    "http_entry",
    "installed_from",
    "is_this_machine",
    "local_entry",
    "server_url",
    "servers_in",
    "start_command",
    "this_machine",
]
