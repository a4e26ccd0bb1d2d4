"""What reasons are worded with: a file for each language of `[text] language`."""
