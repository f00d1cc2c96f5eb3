"""What papermill finds under the name `evalkit`: the engine itself is loaded when it is used.

papermill loads every engine that is installed while it is imported itself, so that an entry point
must not need papermill.
"""


class EvalkitEngine:
    """Stands for `evalkit.run.engine.EvalkitEngine` until a notebook is executed."""

    @classmethod
    def execute_notebook(cls, *args, **kwargs):
        """Execute as the engine does; see papermill's `Engine.execute_notebook`."""
        from evalkit.run import engine

        return engine.EvalkitEngine.execute_notebook(*args, **kwargs)
