"""What papermill finds under the name `evalkit`: the engine itself is loaded when it is used.

papermill loads every engine that is installed while it is imported itself, so that an entry point
must need no more of papermill than its base class.
"""

from papermill.engines import Engine


class EvalkitEngine(Engine):
    """Stands for `evalkit.run.engine.EvalkitEngine` until a notebook is executed."""

    @classmethod
    def execute_managed_notebook(cls, nb_man, kernel_name, **options):
        """Execute as the engine does; see `evalkit.run.engine.EvalkitEngine`."""
        from evalkit.run import engine

        engine.EvalkitEngine.execute_managed_notebook(nb_man, kernel_name, **options)
