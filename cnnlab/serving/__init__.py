"""Where lessons are shown: the Voila dashboard, JupyterLab and static pages.

Nothing else in the package imports this.
"""
