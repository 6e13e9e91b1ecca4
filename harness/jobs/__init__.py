"""A build as a job: a call with JSON arguments that writes an artifact's files, and the process that carries it out."""
