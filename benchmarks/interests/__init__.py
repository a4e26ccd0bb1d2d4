"""What histories and windows cost: LSIF's nights and LSIF from scratch beside the same features by hand."""
