"""Jobs: whole files, tagged behind the calls of people, durable over a restart."""
