"""Has ``SparkFiles.get`` find the files of ``SparkContext.addFile`` in a runner, as it does in a task of Spark."""

import os

from trimma.worker import bundle

VARIABLE = "TRIMMA_SPARK_FILES"
"""Names the folder of these files to a runner."""


def find_spark_files(program: int) -> None:
    """Tell pyspark where they are, if the program asks for them. Otherwise pyspark isn't imported, which takes a while.

    What is set here is what pyspark's own worker sets in a task.
    """
    folder = os.environ.get(VARIABLE)
    if folder is not None and bundle.mentions(program, b"SparkFiles"):
        from pyspark import SparkFiles

        SparkFiles._root_directory = folder
        SparkFiles._is_running_on_worker = True
