"""Where does it live? Git as the training log: commits, trailers, evidence."""
