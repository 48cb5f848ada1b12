"""Where the one kernel runs: processes of this machine, Spark, Ray. None decides anything about a hit."""
