"""Everything that Dagster sees: partitions, assets, sensors, jobs, resources.

The only package that imports dagster. Computes nothing itself: stages do.
"""
