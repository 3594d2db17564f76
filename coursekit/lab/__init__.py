"""Where a learner works: the workspace, JupyterLab, views of one learning mode, the dashboard."""
