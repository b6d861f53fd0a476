"""Explains Dask's errors in plain words."""

from trimma.errors import EngineError


def explain(error: BaseException) -> EngineError:
    """An `EngineError` that says why a worker's task failed and what to do. Its cause is the original error."""
    if isinstance(error, EngineError):
        return error
    explained = EngineError(_explanation(error))
    explained.__cause__ = error
    return explained


def _explanation(error: BaseException) -> str:
    from distributed.scheduler import KilledWorker

    if isinstance(error, ModuleNotFoundError):
        module = (error.name or str(error)).partition(".")[0]
        return (
            f"Dask's workers have no Python module {module!r}: install trimma in the Python that they run, for example "
            "with client.register_plugin(distributed.PipInstall(['trimma']))"
        )
    if isinstance(error, KilledWorker):
        return (
            f"each Dask worker that was given a worker's task died, {error.allowed_failures + 1} of them: their logs "
            f"and the machine's memory may tell why ({error})"
        )
    return f"the Dask task of a worker failed: {type(error).__name__}: {error}"
