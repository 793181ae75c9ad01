"""What `doctor` looks at closely: the user's configuration, the compiler.

Each module finds one thing out; `doctor` makes findings of it.
"""
