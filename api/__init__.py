"""The only place where things are wired: config, pipeline, HTTP, command line, web page, evaluation."""
