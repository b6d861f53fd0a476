"""The engine whose workers run elsewhere, on a cluster: Spark and Dask only add how its agents are started."""
