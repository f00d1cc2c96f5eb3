"""Plan, slices, workers, audit, publication: everything around the notebooks.

Modules are imported where they are used: what a notebook opens (`units`, `shared`) must not load
what starts notebooks (`execute`, `runner`).
"""
