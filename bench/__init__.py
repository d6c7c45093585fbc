"""How fast kapteam is with 100, 1,000 and 10,000 clients; `make bench` (docs/performance.md)."""
