"""What is wrong with the frames that somebody's device sends, in sentences: `tracker check-client`."""
