"""The Python API: what `import workbench as wb` offers beyond the records of `workbench.model`."""
