"""Getting the server to run: on a desk (`local`), in containers, behind a proxy."""
