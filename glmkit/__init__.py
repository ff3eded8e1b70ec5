"""The notebook workbench for GLM language models."""
