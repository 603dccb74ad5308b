"""How many calls one process bears: see `__main__`."""
