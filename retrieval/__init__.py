"""Chunks and a query become hits: embedder, FAISS, BM25, fusion, reranking, their training and their metrics."""
