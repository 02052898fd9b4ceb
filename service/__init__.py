"""What people touch: the command line, the HTTP service, and tables as files."""
