"""The command line: thin doors over services, stages and Dagster's own commands."""
