"""``make fetch``: bring a hub's base to this machine, before runs that ask no network."""
