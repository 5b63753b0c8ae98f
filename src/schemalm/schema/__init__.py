"""A JSON Schema becomes formulas over assertions: read, resolved, translated; and why a value breaks one."""
