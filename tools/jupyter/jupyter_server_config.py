"""JupyterLab exports HTML as nbconvert does: File > Save and Export Notebook As > HTML."""

load_subconfig("jupyter_nbconvert_config.py")  # noqa: F821
