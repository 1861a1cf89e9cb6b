"""The desk: a web application of its own, with its own sign-in, over what the command line does (decision 0079)."""
