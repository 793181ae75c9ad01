"""Check what a user passes for its type, before a file is opened.

Nothing here knows of networks, so that files can be read without Theano.
"""
