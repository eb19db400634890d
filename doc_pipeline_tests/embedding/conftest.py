"""The fake OpenAI server for the tests of this folder."""

from doc_pipeline_tests.servers.openai_server import openai_server

__all__ = ["openai_server"]
