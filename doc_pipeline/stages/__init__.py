"""What the pipeline does with a document, stage by stage.

Brings the adapters together; knows no Dagster, no settings, no command line.
"""
