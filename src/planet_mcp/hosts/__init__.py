"""MCP hosts: where they keep their configuration, and how an entry gets into it and out."""

from planet_mcp.hosts.change import Visit, servers_in, this_machine
from planet_mcp.hosts.known import (
    HOSTS,
    TOKEN,
    Entry,
    Host,
    Machine,
    Scope,
    added,
    http_entry,
    installed_from,
    is_this_machine,
    local_entry,
    server_url,
    start_command,
)

__all__ = [
    "HOSTS",
    "TOKEN",
    "Entry",
    "Host",
    "Machine",
    "Scope",
    "Visit",
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
