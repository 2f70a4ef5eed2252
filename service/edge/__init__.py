"""What pages and API share at the edge: loading, refusing, protecting."""
